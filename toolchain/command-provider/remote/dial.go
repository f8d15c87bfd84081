package remote

import (
	"context"
	"fmt"
	"strconv"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"
)

const unlimited = -1

// dial connects to the server, through the proxy if there is one.
func (c Connection) dial(ctx context.Context) (*ssh.Client, error) {
	config, err := c.login()
	if err != nil {
		return nil, err
	}
	if c.Proxy != nil {
		client, err := c.dialThroughProxy(ctx, config)
		if err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
		return client, nil
	}
	return dialWithRetry(ctx, "Dial", c.dialErrorLimit(), func() (*ssh.Client, error) {
		return ssh.Dial("tcp", c.address(), config)
	})
}

func (c Connection) dialThroughProxy(ctx context.Context, config *ssh.ClientConfig) (*ssh.Client, error) {
	proxyConfig, err := c.Proxy.login()
	if err != nil {
		return nil, err
	}
	proxy, err := dialWithRetry(ctx, "Dial proxy", c.Proxy.dialErrorLimit(), func() (*ssh.Client, error) {
		return ssh.Dial("tcp", c.Proxy.address(), proxyConfig)
	})
	if err != nil {
		return nil, err
	}
	client, err := c.dialFromProxy(ctx, proxy, config)
	if err != nil {
		_ = proxy.Close()
		return nil, err
	}
	go func() {
		_ = client.Wait()
		_ = proxy.Close()
	}()
	return client, nil
}

// dialFromProxy opens one channel to the server and tries to log in through that. As in the
// official plugin, a server that has closed it (MaxStartups) is not dialled anew: what is tried
// again is tried on the dead channel.
func (c Connection) dialFromProxy(ctx context.Context, proxy *ssh.Client, config *ssh.ClientConfig) (*ssh.Client, error) {
	tunnel, err := proxy.Dial("tcp", c.address())
	if err != nil {
		return nil, err
	}
	return dialWithRetry(ctx, "Dial from proxy", c.dialErrorLimit(), func() (*ssh.Client, error) {
		connection, channels, requests, err := ssh.NewClientConn(tunnel, c.address(), config)
		if err != nil {
			return nil, err
		}
		return ssh.NewClient(connection, channels, requests), nil
	})
}

// dialWithRetry tries until it works, ctx ends or more than limit attempts have failed.
func dialWithRetry[T any](ctx context.Context, what string, limit int, dial func() (T, error)) (T, error) {
	var connection T
	connected, _, err := retry.Until(ctx, retry.Acceptor{
		Accept: func(try int, _ time.Duration) (bool, any, error) {
			var err error
			if connection, err = dial(); err == nil {
				return true, nil, nil
			}
			if limit > unlimited && try >= limit {
				return true, nil, fmt.Errorf("after %d failed attempts: %w", try, err)
			}
			p.GetLogger(ctx).InfoStatusf("%s %d/%s failed: retrying", what, try+1, limitText(limit))
			return false, nil, nil
		},
	})
	if err == nil && !connected {
		err = ctx.Err()
	}
	return connection, err
}

func limitText(limit int) string {
	if limit == unlimited {
		return "inf"
	}
	return strconv.Itoa(limit)
}
