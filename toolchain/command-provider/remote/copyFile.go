package remote

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyFile is the deprecated resource command:remote:CopyFile. It has no update: every change
// replaces.
type CopyFile struct{}

// CopyFileInputs are the resource's inputs, and its outputs too.
type CopyFileInputs struct {
	Connection *Connection `pulumi:"connection" provider:"secret"`
	Triggers   *[]any      `pulumi:"triggers,optional"`
	LocalPath  string      `pulumi:"localPath"`
	RemotePath string      `pulumi:"remotePath"`
}

// CopyFileOutputs are what is kept in the state.
type CopyFileOutputs struct{ CopyFileInputs }

// Create copies the file.
func (*CopyFile) Create(
	ctx context.Context, req infer.CreateRequest[CopyFileInputs],
) (infer.CreateResponse[CopyFileOutputs], error) {
	response := infer.CreateResponse[CopyFileOutputs]{Output: CopyFileOutputs{req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	err := req.Inputs.Connection.withFiles(ctx, func(files remoteFiles) error {
		return files.putFile(req.Inputs.LocalPath, req.Inputs.RemotePath)
	})
	if err != nil {
		return response, err
	}
	response.ID, err = resource.NewUniqueHex("", 8, 0)
	return response, err
}
