package remote

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func mustAsset(asset *resource.Asset, err error) types.AssetOrArchive {
	if err != nil {
		panic(err)
	}
	return types.AssetOrArchive{Asset: asset}
}

func mustArchive(path string) types.AssetOrArchive {
	archive, err := resource.NewPathArchive(path)
	if err != nil {
		panic(err)
	}
	return types.AssetOrArchive{Archive: archive}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func wantFile(t *testing.T, name, content string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != content {
		t.Errorf("%s holds %q, want %q (%v)", name, got, content, err)
	}
}

func TestCopyToRemote(t *testing.T) {
	server := newSSHServer(t)
	dir := t.TempDir()
	source := write(t, dir+"/source/file", "content")
	write(t, dir+"/source/sub/deep", "deep")
	_ = os.MkdirAll(dir+"/exists", 0o755)
	copyTo := func(source types.AssetOrArchive, path string) error {
		_, err := (&CopyToRemote{}).Create(context.Background(), infer.CreateRequest[CopyToRemoteInputs]{
			Inputs: CopyToRemoteInputs{
				Connection: &Connection{Endpoint: server.endpoint()}, Source: source, RemotePath: path,
			},
		})
		return err
	}
	file := mustAsset(resource.NewPathAsset(source))
	words := mustAsset(resource.NewTextAsset("a text"))
	for _, test := range []struct {
		source                types.AssetOrArchive
		path, result, content string
	}{
		{file, "/new", "/new", "content"},
		{file, "/new", "/new", "content"},
		{file, "/exists", "/exists/file", "content"},
		{words, "/text", "/text", "a text"},
		{words, "/text", "/text", "a text"},
		{mustArchive(dir + "/source"), "/tree", "/tree/source/sub/deep", "deep"},
		{mustArchive(dir + "/source/"), "/flat", "/flat/sub/deep", "deep"},
		{mustArchive(dir + "/source/"), "/flat", "/flat/file", "content"},
	} {
		if err := copyTo(test.source, dir+test.path); err != nil {
			t.Errorf("%s: %v", test.path, err)
		}
		wantFile(t, dir+test.result, test.content)
	}
	for path, source := range map[string]types.AssetOrArchive{
		"/exists":  words,
		"/new":     mustArchive(dir + "/source"),
		"/no/such": file,
	} {
		if err := copyTo(source, dir+path); err == nil || !strings.Contains(err.Error(), dir+path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestCopyToRemoteCopiesAgainOnlyWhenSourceOrDestinationChange(t *testing.T) {
	server := newSSHServer(t)
	target := t.TempDir() + "/target"
	old := CopyToRemoteInputs{
		Connection: &Connection{Endpoint: server.endpoint()}, RemotePath: target,
		Source: mustAsset(resource.NewTextAsset("one")),
	}
	update := func(changed CopyToRemoteInputs) {
		t.Helper()
		_, err := (&CopyToRemote{}).Update(context.Background(),
			infer.UpdateRequest[CopyToRemoteInputs, CopyToRemoteOutputs]{State: CopyToRemoteOutputs{old}, Inputs: changed})
		if err != nil {
			t.Fatal(err)
		}
	}
	other := old
	other.Connection = &Connection{Endpoint: newSSHServer(t).endpoint()}
	update(other)
	if _, err := os.Stat(target); err == nil {
		t.Error("copied again for another connection alone")
	}
	other.Source = mustAsset(resource.NewTextAsset("two"))
	update(other)
	wantFile(t, target, "two")
}

func TestSourcesThatAreNotHereAreRefused(t *testing.T) {
	for reason, source := range map[string]types.AssetOrArchive{
		"either asset or archive must be set":             {},
		"asset must be a path-based file asset or a text": {Asset: &resource.Asset{URI: "https://example/x"}},
		"archive must be a path to a file or directory":   {Archive: &resource.Archive{URI: "https://example/x"}},
		"only one of asset or archive can be set":         {Asset: &resource.Asset{}, Archive: &resource.Archive{}},
	} {
		if got := checkSource(source); len(got) != 1 || !strings.HasPrefix(got[0].Reason, reason) {
			t.Errorf("%v, want %s", got, reason)
		}
	}
}

func TestCopyFile(t *testing.T) {
	server := newSSHServer(t)
	dir := t.TempDir()
	_, err := (&CopyFile{}).Create(context.Background(), infer.CreateRequest[CopyFileInputs]{Inputs: CopyFileInputs{
		Connection: &Connection{Endpoint: server.endpoint()},
		LocalPath:  write(t, dir+"/from", "content"), RemotePath: dir + "/to",
	}})
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, dir+"/to", "content")
}
