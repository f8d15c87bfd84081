package remote

import (
	"context"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyToRemote is the resource command:remote:CopyToRemote. Deleting it leaves the copy where it
// is.
type CopyToRemote struct{}

// CopyToRemoteInputs are the resource's inputs, and its outputs too.
type CopyToRemoteInputs struct {
	Connection *Connection          `pulumi:"connection" provider:"secret"`
	Triggers   *[]any               `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
}

// CopyToRemoteOutputs are what is kept in the state.
type CopyToRemoteOutputs struct{ CopyToRemoteInputs }

// Check refuses sources that are not on this machine.
func (*CopyToRemote) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[CopyToRemoteInputs], error) {
	inputs, failures, err := infer.DefaultCheck[CopyToRemoteInputs](ctx, req.NewInputs)
	if err == nil {
		failures = append(failures, checkSource(inputs.Source)...)
	}
	return infer.CheckResponse[CopyToRemoteInputs]{Inputs: inputs, Failures: failures}, err
}

func checkSource(source types.AssetOrArchive) []p.CheckFailure {
	asset, archive := source.Asset, source.Archive
	switch {
	case asset == nil && archive == nil:
		return []p.CheckFailure{{Property: "asset", Reason: "either asset or archive must be set"}}
	case asset != nil && archive != nil:
		return []p.CheckFailure{{Property: "asset", Reason: "only one of asset or archive can be set"}}
	case asset != nil && !asset.IsPath() && !asset.IsText():
		return []p.CheckFailure{{Property: "asset", Reason: "asset must be a path-based file asset or a text asset"}}
	case archive != nil && !archive.IsPath():
		return []p.CheckFailure{{Property: "archive", Reason: "archive must be a path to a file or directory"}}
	}
	return nil
}

// Create copies the source.
func (*CopyToRemote) Create(
	ctx context.Context, req infer.CreateRequest[CopyToRemoteInputs],
) (infer.CreateResponse[CopyToRemoteOutputs], error) {
	response := infer.CreateResponse[CopyToRemoteOutputs]{Output: CopyToRemoteOutputs{req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	if err := req.Inputs.copy(ctx); err != nil {
		return response, err
	}
	var err error
	response.ID, err = resource.NewUniqueHex("", 8, 0)
	return response, err
}

// Update copies the source again if its content or its destination has changed; another connection
// alone is no reason to.
func (*CopyToRemote) Update(
	ctx context.Context, req infer.UpdateRequest[CopyToRemoteInputs, CopyToRemoteOutputs],
) (infer.UpdateResponse[CopyToRemoteOutputs], error) {
	var err error
	changed := req.Inputs.hash() != req.State.hash() || req.Inputs.RemotePath != req.State.RemotePath
	if changed && !req.DryRun {
		err = req.Inputs.copy(ctx)
	}
	return infer.UpdateResponse[CopyToRemoteOutputs]{Output: CopyToRemoteOutputs{req.Inputs}}, err
}

func (in CopyToRemoteInputs) hash() string {
	switch {
	case in.Source.Archive != nil:
		return in.Source.Archive.Hash
	case in.Source.Asset != nil:
		return in.Source.Asset.Hash
	}
	return ""
}

func (in CopyToRemoteInputs) copy(ctx context.Context) error {
	return in.Connection.withFiles(ctx, func(files remoteFiles) error {
		switch {
		case in.Source.Archive != nil:
			return files.putPath(in.Source.Archive.Path, in.RemotePath)
		case in.Source.Asset.IsText():
			return files.putText(in.Source.Asset.Text, in.RemotePath)
		default:
			return files.putPath(in.Source.Asset.Path, in.RemotePath)
		}
	})
}
