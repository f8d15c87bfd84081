package capture

// Logging says which outputs are shown while a command runs; all are kept either way.
type Logging string

// The published values of the schema's Logging enums.
const (
	LogStdout Logging = "stdout"
	LogStderr Logging = "stderr"
	LogBoth   Logging = "stdoutAndStderr"
	LogNone   Logging = "none"
)

// Stdout reports whether standard output is shown; empty means both are.
func (l Logging) Stdout() bool { return l == "" || l == LogStdout || l == LogBoth }

// Stderr reports whether standard error is shown; empty means both are.
func (l Logging) Stderr() bool { return l == "" || l == LogStderr || l == LogBoth }
