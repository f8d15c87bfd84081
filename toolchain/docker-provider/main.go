// Command docker-provider is the Pulumi plugin `docker`: Pulumi's Terraform bridge over the
// provider that the official plugin is made from. What is not said here (names of properties, what
// is a list, what is secret, what replaces) comes from the upstream schema by the rules of the
// bridge, as it does in the official one.
package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	upstream "github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

const (
	name = "docker"

	// The npm package @pulumi/docker that programs use with this plugin.
	version = "5.2.0"
)

// docker is what the npm package @pulumi/docker was generated from, as far as a running plugin
// needs it.
func docker() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:       sdkv2.NewProvider(upstream.New(version)()),
		Name:    name,
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"host": {Default: &tfbridge.DefaultInfo{
				EnvVars: []string{"DOCKER_HOST"},
				Value:   "unix:///var/run/docker.sock",
			}},
			// A list, but not in the plural.
			"registry_auth": {Name: "registryAuth"},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_config": {Tok: "docker:index/serviceConfig:ServiceConfig"},
			"docker_container": {
				Tok: "docker:index/container:Container",
				Fields: map[string]*tfbridge.SchemaInfo{
					"command":           {Name: "command"},
					"networks_advanced": {Name: "networksAdvanced"},
				},
				// Names and ports can't be taken twice.
				DeleteBeforeReplace: true,
			},
			"docker_image": {
				Tok: "docker:index/remoteImage:RemoteImage",
				// Not a name that may be made up.
				Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}},
			},
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image": {Tok: "docker:index/getRemoteImage:getRemoteImage"},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("docker_", "index", tokens.MakeStandard(name)))
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	// Node.js programs have the types in the npm package and never ask for the schema.
	schema, err := json.Marshal(map[string]string{"name": name, "version": version})
	if err != nil {
		panic(err)
	}
	tfbridge.Main(name, version, docker(), schema)
}
