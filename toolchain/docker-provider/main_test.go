package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// The npm package was generated from the official plugin: its types tell what that one is like.
const npmPackage = "../../node_modules/@pulumi/docker"

var (
	declaration = regexp.MustCompile(`(?s)export (?:interface|declare class) (\w+)[^{]*\{(.*?)\n\}`)
	property    = regexp.MustCompile(`(?s)\n *(?:readonly )?(\w+)\??: (.*?);`)
	comment     = regexp.MustCompile(`(?s)/\*\*.*?\*/`)
	nested      = regexp.MustCompile(`(?:in|out)puts\.(\w+)`)
)

// types reads the declarations of a file: name to property to its type.
func types(t *testing.T, file string) map[string]map[string]string {
	content, err := os.ReadFile(filepath.Join(npmPackage, file))
	if err != nil {
		t.Skip("needs the npm packages: ", err)
	}
	found := map[string]map[string]string{}
	for _, match := range declaration.FindAllStringSubmatch(comment.ReplaceAllString(string(content), ""), -1) {
		found[match[1]] = map[string]string{}
		// A map's type has a line of its own for the values, which no property begins with.
		for _, each := range property.FindAllStringSubmatch("\n"+match[2], -1) {
			found[match[1]][each[1]] = each[2]
		}
	}
	return found
}

// compare reports where the properties of an object are not those that the npm package declares.
func compare(t *testing.T, where string, declared map[string]string, all map[string]map[string]string, schema shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo, readable bool) {
	seen := map[string]bool{}
	schema.Range(func(key string, field shim.Schema) bool {
		name := tfbridge.TerraformToPulumiNameV2(key, schema, fields)
		seen[name] = true
		text, there := declared[name]
		settable := field.Required() || field.Optional()
		switch {
		case key == "id":
		case !there && (settable || readable):
			t.Errorf("%s.%s is not in the npm package", where, name)
		case there && !settable && !readable:
			t.Errorf("%s.%s cannot be set", where, name)
		}
		if !there {
			return true
		}
		isList := (field.Type() == shim.TypeList || field.Type() == shim.TypeSet) && !tfbridge.IsMaxItemsOne(field, fields[key])
		if isList != strings.Contains(text, "[]") {
			t.Errorf("%s.%s is %s in the npm package", where, name, text)
		}
		if of, ok := field.Elem().(shim.Resource); ok {
			object := nested.FindStringSubmatch(text)
			if object == nil || all[object[1]] == nil {
				t.Errorf("%s.%s is %s in the npm package", where, name, text)
				return true
			}
			compare(t, where+"."+name, all[object[1]], all, of.Schema(), nil, readable)
		}
		return true
	})
	for name := range declared {
		if !seen[name] {
			t.Errorf("%s.%s is not in this plugin", where, name)
		}
	}
}

func TestPropertiesAreThoseOfTheNpmPackage(t *testing.T) {
	info := docker()
	inputs := types(t, "types/input.d.ts")
	for key, resource := range info.Resources {
		name := string(resource.Tok.Name())
		file := strings.ToLower(name[:1]) + name[1:] + ".d.ts"
		compare(t, name, types(t, file)[name+"Args"], inputs, info.P.ResourcesMap().Get(key).Schema(), resource.Fields, false)
	}
	compare(t, "Provider", types(t, "provider.d.ts")["ProviderArgs"], inputs, info.P.Schema(), info.Config, false)
}

func TestResultsAreThoseOfTheNpmPackage(t *testing.T) {
	info := docker()
	outputs := types(t, "types/output.d.ts")
	for key, source := range info.DataSources {
		name := string(source.Tok.Name())
		result := strings.ToUpper(name[:1]) + name[1:] + "Result"
		declared := types(t, name+".d.ts")[result]
		delete(declared, "id")
		compare(t, name, declared, outputs, info.P.DataSourcesMap().Get(key).Schema(), source.Fields, true)
	}
}

func TestTheNpmPackageHasNothingElse(t *testing.T) {
	info := docker()
	known := map[string]bool{"docker:index/image:Image": true}
	for _, resource := range info.Resources {
		known[string(resource.Tok)] = true
	}
	for _, source := range info.DataSources {
		known[string(source.Tok)] = true
	}
	index, err := os.ReadFile(filepath.Join(npmPackage, "index.js"))
	if err != nil {
		t.Skip("needs the npm packages: ", err)
	}
	files, _ := filepath.Glob(filepath.Join(npmPackage, "*.js"))
	for _, file := range files {
		index, _ = os.ReadFile(file)
		for _, token := range regexp.MustCompile(`docker:index/\w+:\w+`).FindAllString(string(index), -1) {
			if !known[token] {
				t.Errorf("%s is not in this plugin", token)
			}
		}
	}
}
