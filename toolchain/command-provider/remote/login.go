package remote

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// login returns how to log in at the endpoint: a private key first, then the password, then the
// agent.
func (e Endpoint) login() (*ssh.ClientConfig, error) {
	config := &ssh.ClientConfig{User: valueOr(e.User, defaultUser), Timeout: e.dialTimeout()}
	if err := e.checkHostKey(config); err != nil {
		return nil, err
	}
	if e.PrivateKey != nil {
		signer, err := e.signer()
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*e.Password), ssh.KeyboardInteractive(e.answerAll))
	}
	if socket := valueOr(e.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK")); socket != "" {
		connection, err := net.Dial("unix", socket)
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(connection).Signers))
	}
	return config, nil
}

// checkHostKey makes the client accept the expected host key only. Without one every key is
// accepted, which is what the schema promises.
func (e Endpoint) checkHostKey(config *ssh.ClientConfig) error {
	if e.HostKey == nil {
		config.HostKeyCallback = ssh.InsecureIgnoreHostKey()
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
	if err != nil {
		return fmt.Errorf("failed to parse the host key: %w", err)
	}
	config.HostKeyCallback = ssh.FixedHostKey(key)
	// As the official plugin does, which for an RSA key asks for SHA-1: a program that gives one has
	// to fail here, too.
	config.HostKeyAlgorithms = []string{key.Type()}
	return nil
}

func (e Endpoint) signer() (ssh.Signer, error) {
	if e.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*e.PrivateKey), []byte(*e.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*e.PrivateKey))
}

// answerAll gives the password to every question: some servers ask for it this way only.
func (e Endpoint) answerAll(_, _ string, questions []string, _ []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range answers {
		answers[i] = *e.Password
	}
	return answers, nil
}
