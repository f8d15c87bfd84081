package remote

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	_ = os.Unsetenv("SSH_AUTH_SOCK")
	os.Exit(m.Run())
}

func ref[T any](value T) *T { return &value }

func create(inputs CommandInputs) (CommandOutputs, error) {
	response, err := (&Command{}).Create(
		context.Background(), infer.CreateRequest[CommandInputs]{Name: "x", Inputs: inputs})
	return response.Output, err
}

func TestCommandLifecycle(t *testing.T) {
	server := newSSHServer(t)
	log := t.TempDir() + "/log"
	inputs := CommandInputs{
		Connection:  &Connection{Endpoint: server.endpoint()},
		Environment: map[string]string{"OK_X": "one"},
		Stdin:       ref("from stdin\n"),
		Create:      ref("echo created $OK_X; cat; echo oops >&2"),
		Update:      ref(`echo "updated after $PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR"`),
		Delete:      ref(`echo "deleted after $PULUMI_COMMAND_STDOUT" > ` + log),
	}
	state, err := create(inputs)
	if err != nil || state.Stdout != "created one\nfrom stdin" || state.Stderr != "oops" {
		t.Fatalf("%+v %v", state.BaseOutputs, err)
	}
	updated, err := (&Command{}).Update(context.Background(),
		infer.UpdateRequest[CommandInputs, CommandOutputs]{State: state, Inputs: inputs})
	if err != nil || updated.Output.Stdout != "updated after created one\nfrom stdin/oops" {
		t.Fatalf("%+v %v", updated.Output.BaseOutputs, err)
	}
	_, err = (&Command{}).Delete(context.Background(), infer.DeleteRequest[CommandOutputs]{State: updated.Output})
	if deleted, _ := os.ReadFile(log); err != nil || !strings.HasPrefix(string(deleted), "deleted after updated") {
		t.Errorf("delete: %q %v", deleted, err)
	}
}

func TestPreviewDoesNotConnect(t *testing.T) {
	_, err := (&Command{}).Create(context.Background(), infer.CreateRequest[CommandInputs]{
		Name: "x", DryRun: true, Inputs: CommandInputs{Connection: &Connection{}, Create: ref("true")},
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFailureHoldsCommandAndOutput(t *testing.T) {
	server := newSSHServer(t)
	_, err := create(CommandInputs{
		Connection: &Connection{Endpoint: server.endpoint()}, Create: ref("echo out; echo err >&2; exit 3"),
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"status 3", `running "echo out; echo err >&2; exit 3"`, "out\n", "err\n"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
}

func TestRefusedVariableIsAnError(t *testing.T) {
	server := newSSHServer(t)
	_, err := create(CommandInputs{
		Connection: &Connection{Endpoint: server.endpoint()}, Create: ref("true"),
		Environment: map[string]string{"NOT_ACCEPTED": "1"},
	})
	if err == nil || !strings.Contains(err.Error(), `"NOT_ACCEPTED"`) {
		t.Error(err)
	}
}

// The official plugin asks a server for the type of the given key only, for RSA with SHA-1, which
// current servers refuse; a key is a public key line, never a fingerprint. The same for the key of
// a proxy.
func TestHostKey(t *testing.T) {
	ed25519, rsa := newSSHServer(t).hostKeySigner, newRSAKey(t)
	other, _ := newKey(t)
	line := func(signer ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(signer.PublicKey())) }
	noneInCommon := "no common algorithm for host key; we offered: [\"ssh-rsa\"]"
	for _, test := range []struct {
		name    string
		keys    []ssh.Signer
		key     string
		message string
	}{
		{"the one that it has", []ssh.Signer{ed25519}, line(ed25519), ""},
		{"the second of two", []ssh.Signer{rsa, ed25519}, line(ed25519), ""},
		{"with a comment", []ssh.Signer{ed25519}, strings.TrimSpace(line(ed25519)) + " root@machine\n", ""},
		{"another one", []ssh.Signer{ed25519}, line(other), "host key mismatch"},
		{"RSA, of two", []ssh.Signer{rsa, ed25519}, line(rsa), noneInCommon},
		{"RSA alone", []ssh.Signer{rsa}, line(rsa), noneInCommon},
		{"a fingerprint", []ssh.Signer{ed25519}, ssh.FingerprintSHA256(ed25519.PublicKey()), "failed to parse the host key"},
	} {
		server, proxy := newSSHServer(t, test.keys...), newSSHServer(t, test.keys...)
		direct, behind := &Connection{Endpoint: server.endpoint()}, &Connection{Endpoint: server.endpoint()}
		direct.HostKey = &test.key
		behind.Proxy = &ProxyConnection{proxy.endpoint()}
		behind.Proxy.HostKey = &test.key
		for where, connection := range map[string]*Connection{"server": direct, "proxy": behind} {
			_, err := create(CommandInputs{Connection: connection, Create: ref("true")})
			if (err == nil) != (test.message == "") || err != nil && !strings.Contains(err.Error(), test.message) {
				t.Errorf("%s, %s: %v", test.name, where, err)
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	server := newSSHServer(t)
	endpoint := server.endpoint()
	endpoint.PrivateKey, endpoint.Password = nil, &server.password
	if _, err := create(CommandInputs{Connection: &Connection{Endpoint: endpoint}, Create: ref("true")}); err != nil {
		t.Error(err)
	}
	endpoint.Password = ref("wrong")
	_, err := create(CommandInputs{Connection: &Connection{Endpoint: endpoint}, Create: ref("true")})
	if err == nil || !strings.Contains(err.Error(), "after 0 failed attempts") {
		t.Error(err)
	}
}

func TestProxy(t *testing.T) {
	server, proxy := newSSHServer(t), newSSHServer(t)
	connection := &Connection{Endpoint: server.endpoint(), Proxy: &ProxyConnection{proxy.endpoint()}}
	state, err := create(CommandInputs{Connection: connection, Create: ref("echo through")})
	if err != nil || state.Stdout != "through" || proxy.forwards != 1 {
		t.Errorf("%+v, %d forwards, %v", state.BaseOutputs, proxy.forwards, err)
	}
}

// One that refuses for a moment (MaxStartups) is dialled again, but, as by the official plugin, not
// behind a proxy.
func TestRefusedForAMoment(t *testing.T) {
	limit := 4
	for _, test := range []struct {
		name      string
		behind    bool
		connected bool
	}{{"directly", false, true}, {"behind a proxy", true, false}} {
		server := newSSHServer(t)
		server.refuse.Store(1)
		connection := &Connection{Endpoint: server.endpoint()}
		connection.DialErrorLimit = &limit
		if test.behind {
			connection.Proxy = &ProxyConnection{newSSHServer(t).endpoint()}
		}
		_, err := create(CommandInputs{Connection: connection, Create: ref("true")})
		if (err == nil) != test.connected {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// A proxy itself is.
	server, proxy := newSSHServer(t), newSSHServer(t)
	proxy.refuse.Store(1)
	connection := &Connection{Endpoint: server.endpoint(), Proxy: &ProxyConnection{proxy.endpoint()}}
	connection.Proxy.DialErrorLimit = &limit
	if _, err := create(CommandInputs{Connection: connection, Create: ref("true")}); err != nil {
		t.Errorf("a proxy that refuses for a moment: %v", err)
	}
}

func TestDialingIsRepeatedUpToItsLimitAndEndsWithTheContext(t *testing.T) {
	attempts := 0
	_, err := dialWithRetry(context.Background(), "Dial", 2, func() (int, error) {
		attempts++
		return 0, io.EOF
	})
	if attempts != 3 || err == nil || err.Error() != "after 2 failed attempts: EOF" {
		t.Errorf("%d attempts: %v", attempts, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := dialWithRetry(ctx, "Dial", unlimited, func() (int, error) { return 0, io.EOF }); err == nil {
		t.Error("no error")
	}
}
