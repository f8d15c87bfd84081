// Command pulumi-resource-command is a stand-in for the official "command" plugin, for machines
// that can reach package registries but not the place the official plugin is downloaded from.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"pulumi-redis-ha/toolchain/command-provider/local"
	"pulumi-redis-ha/toolchain/command-provider/remote"
)

const (
	pluginName = "command"
	// version is the official plugin whose published schema and behaviour are implemented.
	version = "1.2.1"
)

func newProvider() (p.Provider, error) {
	return infer.NewProviderBuilder().
		WithDisplayName("Command").
		WithResources(
			infer.Resource(&local.Command{}),
			infer.Resource(&remote.Command{}),
			infer.Resource(&remote.CopyToRemote{}),
			infer.Resource(&remote.CopyFile{}),
		).
		WithFunctions(infer.Function(&local.Run{})).
		Build()
}

// endWithEngine ends this process soon after its parent. The plugin protocol's own watch takes
// minutes; until then an engine that was killed would leave its plugins behind.
func endWithEngine(engine int) {
	for os.Getppid() == engine {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}

func main() {
	go endWithEngine(os.Getppid())
	provider, err := newProvider()
	if err == nil {
		err = provider.Run(context.Background(), pluginName, version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
