package local

import (
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"pulumi-redis-ha/toolchain/command-provider/capture"
)

// Logging is the schema's enum command:local:Logging.
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

// BaseInputs are what Command and Run have in common. Nothing has a default in the schema, so that
// only what a program sets gets into the state.
type BaseInputs struct {
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

// BaseOutputs are what a run leaves behind.
type BaseOutputs struct {
	Stdout  string                           `pulumi:"stdout"`
	Stderr  string                           `pulumi:"stderr"`
	Assets  *map[string]types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                `pulumi:"archive,optional"`
}

func (in BaseInputs) logging() capture.Logging {
	if in.Logging == nil {
		return ""
	}
	return capture.Logging(*in.Logging)
}

func (in BaseInputs) previousOutputWanted() bool {
	return in.AddPreviousOutputInEnv == nil || *in.AddPreviousOutputInEnv
}
