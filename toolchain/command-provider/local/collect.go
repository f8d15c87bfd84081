package local

import (
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// collect puts the files that assetPaths and archivePaths name into out.
func collect(dir string, in BaseInputs, out *BaseOutputs) error {
	if in.AssetPaths != nil {
		files, err := matchingFiles(dir, *in.AssetPaths)
		if err != nil {
			return err
		}
		assets := make(map[string]types.AssetOrArchive, len(files))
		for name, file := range files {
			assets[name] = types.AssetOrArchive{Asset: file}
		}
		out.Assets = &assets
	}
	if in.ArchivePaths != nil {
		files, err := matchingFiles(dir, *in.ArchivePaths)
		if err != nil {
			return err
		}
		content := make(map[string]any, len(files))
		for name, file := range files {
			content[name] = file
		}
		out.Archive, err = resource.NewAssetArchive(content)
		return err
	}
	return nil
}

// rule is one pattern; a later rule overrules an earlier one.
type rule struct {
	glob.Glob
	exclude bool
}

// matchingFiles returns the files below dir that the patterns leave in, by their paths relative to
// dir.
func matchingFiles(dir string, patterns []string) (map[string]*resource.Asset, error) {
	rules := make([]rule, 0, len(patterns))
	for _, pattern := range patterns {
		compiled, err := glob.Compile(strings.TrimPrefix(pattern, "!"), '/')
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule{compiled, strings.HasPrefix(pattern, "!")})
	}

	files := map[string]*resource.Asset{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !included(name, rules) {
			return err
		}
		files[name], err = resource.NewPathAsset(path.Join(dir, name))
		return err
	})
	return files, err
}

func included(name string, rules []rule) bool {
	in := false
	for _, rule := range rules {
		if rule.Match(name) {
			in = !rule.exclude
		}
	}
	return in
}
