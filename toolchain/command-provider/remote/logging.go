package remote

import (
	"github.com/pulumi/pulumi-go-provider/infer"

	"pulumi-redis-ha/toolchain/command-provider/capture"
)

// Logging is the schema's enum command:remote:Logging.
type Logging string

// Values lists the enum for the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "stdout", Value: Logging(capture.LogStdout)},
		{Name: "stderr", Value: Logging(capture.LogStderr)},
		{Name: "stdoutAndStderr", Value: Logging(capture.LogBoth)},
		{Name: "none", Value: Logging(capture.LogNone)},
	}
}
