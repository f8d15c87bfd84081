package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"pulumi-redis-ha/toolchain/command-provider/capture"
)

// run runs command and puts its results into out, which comes in with those of the run before.
// When the command fails out is left as it was, and the error holds the command and all it wrote.
func run(ctx context.Context, command string, in BaseInputs, out *BaseOutputs) error {
	dir, err := directory(in)
	if err != nil {
		return err
	}
	output := capture.New(ctx)
	args := append(interpreter(in), command)

	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return killTree(cmd.Process) }
	cmd.Dir = dir
	cmd.Env = environment(in, out)
	cmd.Stdout = output.Stdout(in.logging().Stdout())
	cmd.Stderr = output.Stderr(in.logging().Stderr())
	if in.Stdin != nil && *in.Stdin != "" {
		cmd.Stdin = strings.NewReader(*in.Stdin)
	}
	err = cmd.Run()
	output.Close()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, command, output.Combined())
	}
	if err := collect(dir, in, out); err != nil {
		return err
	}
	out.Stdout, out.Stderr = output.Results()
	return nil
}

func interpreter(in BaseInputs) []string {
	switch {
	case in.Interpreter != nil && len(*in.Interpreter) > 0:
		return append([]string{}, *in.Interpreter...)
	case runtime.GOOS == "windows":
		return []string{"cmd", "/C"}
	default:
		return []string{"/bin/sh", "-c"}
	}
}

func directory(in BaseInputs) (string, error) {
	if in.Dir != nil {
		return *in.Dir, nil
	}
	return os.Getwd()
}

func environment(in BaseInputs, previous *BaseOutputs) []string {
	env := os.Environ()
	if in.Environment != nil {
		for name, value := range *in.Environment {
			env = append(env, name+"="+value)
		}
	}
	if in.previousOutputWanted() {
		if previous.Stdout != "" {
			env = append(env, capture.PreviousStdout+"="+previous.Stdout)
		}
		if previous.Stderr != "" {
			env = append(env, capture.PreviousStderr+"="+previous.Stderr)
		}
	}
	return env
}
