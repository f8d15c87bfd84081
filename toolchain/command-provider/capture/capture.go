// Package capture collects what a command writes and shows it while the command runs.
package capture

import (
	"context"
	"io"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
)

// Names of the environment variables that carry the output of the run before.
const (
	PreviousStdout = "PULUMI_COMMAND_STDOUT"
	PreviousStderr = "PULUMI_COMMAND_STDERR"
)

// Output is everything one run of a command wrote.
type Output struct {
	mu                       sync.Mutex
	stdout, stderr, combined strings.Builder
	lines                    []*lineLogger
	log                      func(line string)
}

// New returns an empty Output that shows lines in the status column of the resource that ctx
// belongs to.
func New(ctx context.Context) *Output {
	return &Output{log: p.GetLogger(ctx).InfoStatus}
}

// Stdout returns the writer for the command's standard output; show says whether it is logged.
func (o *Output) Stdout(show bool) io.Writer { return o.writer(&o.stdout, show) }

// Stderr returns the writer for the command's standard error; show says whether it is logged.
func (o *Output) Stderr(show bool) io.Writer { return o.writer(&o.stderr, show) }

// Close shows a last line that had no line break.
func (o *Output) Close() {
	for _, lines := range o.lines {
		lines.flush()
	}
}

// Results returns stdout and stderr, each without its last line break.
func (o *Output) Results() (stdout, stderr string) {
	return strings.TrimSuffix(o.stdout.String(), "\n"), strings.TrimSuffix(o.stderr.String(), "\n")
}

// Combined returns stdout and stderr in the order in which they arrived.
func (o *Output) Combined() string { return o.combined.String() }

func (o *Output) writer(buffer *strings.Builder, show bool) io.Writer {
	w := &stream{output: o, buffer: buffer}
	if show {
		w.lines = &lineLogger{log: o.log}
		o.lines = append(o.lines, w.lines)
	}
	return w
}

// stream is one of the two outputs; both may be written to at the same time.
type stream struct {
	output *Output
	buffer *strings.Builder
	lines  *lineLogger
}

func (s *stream) Write(data []byte) (int, error) {
	s.output.mu.Lock()
	s.buffer.Write(data)
	s.output.combined.Write(data)
	s.output.mu.Unlock()
	if s.lines != nil {
		s.lines.write(data)
	}
	return len(data), nil
}
