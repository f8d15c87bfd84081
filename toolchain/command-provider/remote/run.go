package remote

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"

	"pulumi-redis-ha/toolchain/command-provider/capture"
)

// run runs command on the other machine and puts its results into s. When the command fails s is
// left as it was, and the error holds the command and all it wrote. Once started a command is not
// cancelled: the official plugin does not do that either.
func (s *CommandOutputs) run(ctx context.Context, command string) error {
	client, err := s.Connection.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	if err := s.setEnvironment(ctx, session); err != nil {
		return err
	}

	output := capture.New(ctx)
	logging := capture.Logging(valueOr(s.Logging, ""))
	session.Stdout = output.Stdout(logging.Stdout())
	session.Stderr = output.Stderr(logging.Stderr())
	if s.Stdin != nil && *s.Stdin != "" {
		session.Stdin = strings.NewReader(*s.Stdin)
	}
	err = session.Run(command)
	output.Close()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, command, output.Combined())
	}
	s.Stdout, s.Stderr = output.Results()
	return nil
}

const acceptEnvHint = "Unable to set '%s'. The SSH server must accept the variable (AcceptEnv). " +
	"Alternatively, put it in front of the command: 'VAR=value command'."

// setEnvironment fails where the server refuses a variable of the program, and only warns where it
// refuses the output of the run before.
func (s *CommandOutputs) setEnvironment(ctx context.Context, session *ssh.Session) error {
	log := p.GetLogger(ctx)
	for name, value := range s.Environment {
		if err := session.Setenv(name, value); err != nil {
			log.Errorf(acceptEnvHint, name)
			return fmt.Errorf("could not set environment variable %q: %w", name, err)
		}
	}
	if !valueOr(s.AddPreviousOutputInEnv, true) {
		return nil
	}
	for name, value := range map[string]string{
		capture.PreviousStdout: s.Stdout,
		capture.PreviousStderr: s.Stderr,
	} {
		if value != "" && session.Setenv(name, value) != nil {
			log.Warningf(acceptEnvHint, name)
		}
	}
	return nil
}
