package remote

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// sshServer is an SSH server of this process: it runs commands with sh, accepts the environment
// variables that begin with an allowed prefix, serves files, and forwards connections.
type sshServer struct {
	t    *testing.T
	host string
	port float64
	// refuse is how many connections it will close before it says anything, as one does that has too
	// many (MaxStartups).
	refuse        atomic.Int32
	hostKey       string
	hostKeySigner ssh.Signer
	userKey       string
	password      string
	forwards      int
}

// newSSHServer starts one with these host keys, or one of its own.
func newSSHServer(t *testing.T, hostSigners ...ssh.Signer) *sshServer {
	t.Helper()
	if len(hostSigners) == 0 {
		signer, _ := newKey(t)
		hostSigners = []ssh.Signer{signer}
	}
	userSigner, userKey := newKey(t)
	s := &sshServer{
		t: t, userKey: userKey, password: "pass word",
		hostKey: string(ssh.MarshalAuthorizedKey(hostSigners[0].PublicKey())), hostKeySigner: hostSigners[0],
	}
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if c.User() == "alice" && string(key.Marshal()) == string(userSigner.PublicKey().Marshal()) {
				return nil, nil
			}
			return nil, errors.New("unknown key")
		},
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if c.User() == "alice" && string(password) == s.password {
				return nil, nil
			}
			return nil, errors.New("wrong password")
		},
	}
	for _, signer := range hostSigners {
		config.AddHostKey(signer)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	address := listener.Addr().(*net.TCPAddr)
	s.host, s.port = address.IP.String(), float64(address.Port)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if s.refuse.Add(-1) >= 0 {
				_ = connection.Close()
				continue
			}
			go s.serve(connection, config)
		}
	}()
	return s
}

func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

// newRSAKey returns one that is used as servers do today: not with SHA-1.
func newRSAKey(t *testing.T) ssh.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	modern, err := ssh.NewSignerWithAlgorithms(
		signer.(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256})
	if err != nil {
		t.Fatal(err)
	}
	return modern
}

func (s *sshServer) endpoint() Endpoint {
	user, once := "alice", 0
	return Endpoint{Host: &s.host, Port: &s.port, User: &user, PrivateKey: &s.userKey, DialErrorLimit: &once}
}

func (s *sshServer) serve(connection net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for channel := range channels {
		switch channel.ChannelType() {
		case "session":
			accepted, requests, err := channel.Accept()
			if err == nil {
				go s.session(accepted, requests)
			}
		case "direct-tcpip":
			s.forwards++
			go s.forward(channel)
		default:
			_ = channel.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func (s *sshServer) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	var env []string
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			_ = ssh.Unmarshal(request.Payload, &variable)
			accepted := strings.HasPrefix(variable.Name, "OK_") || strings.HasPrefix(variable.Name, "PULUMI_")
			if accepted {
				env = append(env, variable.Name+"="+variable.Value)
			}
			_ = request.Reply(accepted, nil)
		case "exec":
			var command struct{ Text string }
			_ = ssh.Unmarshal(request.Payload, &command)
			_ = request.Reply(true, nil)
			go runInShell(channel, command.Text, env)
		case "subsystem":
			_ = request.Reply(true, nil)
			go serveFiles(channel)
		default:
			_ = request.Reply(false, nil)
		}
	}
}

func runInShell(channel ssh.Channel, command string, env []string) {
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Env = append([]string{"PATH=/usr/bin:/bin"}, env...)
	cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
	stdin, _ := cmd.StdinPipe()
	go func() {
		_, _ = io.Copy(stdin, channel)
		_ = stdin.Close()
	}()
	_ = cmd.Run()
	status := struct{ Status uint32 }{uint32(cmd.ProcessState.ExitCode())}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
	_ = channel.Close()
}

func serveFiles(channel ssh.Channel) {
	if server, err := sftp.NewServer(channel); err == nil {
		_ = server.Serve()
	}
	_ = channel.Close()
}

func (s *sshServer) forward(request ssh.NewChannel) {
	var target struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(request.ExtraData(), &target)
	connection, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.ParseIP(target.Host), Port: int(target.Port)})
	if err != nil {
		_ = request.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(connection, channel); _ = connection.Close() }()
	_, _ = io.Copy(channel, connection)
	_ = channel.Close()
}
