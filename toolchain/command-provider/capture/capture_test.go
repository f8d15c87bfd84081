package capture

import (
	"io"
	"strings"
	"testing"
)

func TestOutput(t *testing.T) {
	var shown []string
	o := &Output{log: func(line string) { shown = append(shown, line) }}
	stdout, stderr := o.Stdout(true), o.Stderr(false)
	for _, part := range []string{"on", "e\r\ntwo\n\n", "end"} {
		_, _ = io.WriteString(stdout, part)
	}
	_, _ = io.WriteString(stderr, "hidden\n")
	o.Close()
	if got := strings.Join(shown, "|"); got != "one|two||end" {
		t.Errorf("shown %q", got)
	}
	if out, err := o.Results(); out != "one\r\ntwo\n\nend" || err != "hidden" {
		t.Errorf("results %q %q", out, err)
	}
	if got := o.Combined(); got != "one\r\ntwo\n\nendhidden\n" {
		t.Errorf("combined %q", got)
	}
}

func TestVeryLongLineEnds(t *testing.T) {
	shown := 0
	o := &Output{log: func(line string) { shown += len(line) }}
	w := o.Stdout(true)
	for range 30 {
		_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
	}
	o.Close()
	if shown != 300_000 {
		t.Errorf("shown %d bytes", shown)
	}
}

func TestLogging(t *testing.T) {
	for logging, want := range map[Logging][2]bool{
		"": {true, true}, LogBoth: {true, true}, LogStdout: {true, false}, LogStderr: {false, true}, LogNone: {false, false},
	} {
		if got := [2]bool{logging.Stdout(), logging.Stderr()}; got != want {
			t.Errorf("%q: %v", logging, got)
		}
	}
}
