package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	presource "github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// resource is one resource of the provider, driven as the engine drives it.
type resource struct {
	*testing.T
	server integration.Server
	urn    presource.URN
	id     string
	inputs property.Map
	state  property.Map
}

func newResource(t *testing.T, token, name string) *resource {
	t.Helper()
	return &resource{T: t, server: newServer(t), urn: presource.NewURN("dev", "test", "", tokens.Type(token), name)}
}

func newServer(t *testing.T) integration.Server {
	t.Helper()
	provider, err := newProvider()
	if err != nil {
		t.Fatal(err)
	}
	server, err := integration.NewServer(
		context.Background(), pluginName, semver.MustParse(version), integration.WithProvider(provider))
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// overTheWire returns properties as the engine gets them: assets become assets there only.
func (r *resource) overTheWire(properties property.Map) property.Map {
	r.Helper()
	options := plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true}
	value := presource.ToResourcePropertyValue(property.New(properties))
	sent, err := plugin.MarshalProperties(value.ObjectValue(), options)
	if err != nil {
		r.Fatal(err)
	}
	received, err := plugin.UnmarshalProperties(sent, options)
	if err != nil {
		r.Fatal(err)
	}
	return presource.FromResourcePropertyValue(presource.NewProperty(received)).AsMap()
}

func (r *resource) check(inputs map[string]property.Value) property.Map {
	r.Helper()
	checked, err := r.server.Check(p.CheckRequest{Urn: r.urn, State: r.inputs, Inputs: property.NewMap(inputs)})
	if err != nil || len(checked.Failures) > 0 {
		r.Fatalf("check: %v %v", err, checked.Failures)
	}
	return checked.Inputs
}

func (r *resource) create(inputs map[string]property.Value) error {
	r.Helper()
	checked := r.check(inputs)
	created, err := r.server.Create(p.CreateRequest{Urn: r.urn, Properties: checked})
	if err == nil {
		r.id, r.inputs, r.state = created.ID, checked, r.overTheWire(created.Properties)
	}
	return err
}

func (r *resource) update(inputs map[string]property.Value, preview bool) (property.Map, error) {
	r.Helper()
	checked := r.check(inputs)
	updated, err := r.server.Update(p.UpdateRequest{
		ID: r.id, Urn: r.urn, State: r.state, OldInputs: r.inputs, Inputs: checked, DryRun: preview,
	})
	if err == nil && !preview {
		r.inputs, r.state = checked, r.overTheWire(updated.Properties)
	}
	return updated.Properties, err
}

func (r *resource) delete() error {
	return r.server.Delete(p.DeleteRequest{ID: r.id, Urn: r.urn, Properties: r.state, OldInputs: r.inputs})
}

func (r *resource) diff(inputs map[string]property.Value) p.DiffResponse {
	r.Helper()
	diff, err := r.server.Diff(p.DiffRequest{
		ID: r.id, Urn: r.urn, State: r.state, OldInputs: r.inputs, Inputs: r.check(inputs),
	})
	if err != nil {
		r.Fatal(err)
	}
	return diff
}

func (r *resource) wantOutput(name, want string) {
	r.Helper()
	if got := r.state.Get(name); !got.IsString() || got.AsString() != want {
		r.Errorf("%s = %#v, want %q", name, got, want)
	}
}

func text(s string) property.Value { return property.New(s) }

func list(items ...string) property.Value {
	values := make([]property.Value, len(items))
	for i, item := range items {
		values[i] = property.New(item)
	}
	return property.New(values)
}

func with(inputs map[string]property.Value, name string, value property.Value) map[string]property.Value {
	changed := map[string]property.Value{name: value}
	for k, v := range inputs {
		if k != name {
			changed[k] = v
		}
	}
	return changed
}

const localCommand = "command:local:Command"

func TestLocalLifecycle(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	r := newResource(t, localCommand, "life")
	inputs := map[string]property.Value{
		"create":      text("echo created $X; cat; echo oops >&2"),
		"update":      text(`echo "updated $X after $PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR"`),
		"delete":      text(`echo "deleted $X after $PULUMI_COMMAND_STDOUT" > ` + log),
		"stdin":       text("from stdin\n\n"),
		"environment": property.New(map[string]property.Value{"X": text("one")}),
	}
	if err := r.create(inputs); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^life[0-9a-f]{8}$`).MatchString(r.id) {
		t.Errorf("id %q", r.id)
	}
	// Only the last line break goes.
	r.wantOutput("stdout", "created one\nfrom stdin\n")
	r.wantOutput("stderr", "oops")

	inputs = with(inputs, "environment", property.New(map[string]property.Value{"X": text("two")}))
	if _, err := r.update(inputs, false); err != nil {
		t.Fatal(err)
	}
	r.wantOutput("stdout", "updated two after created one\nfrom stdin\n/oops")
	r.wantOutput("stderr", "")

	if err := r.delete(); err != nil {
		t.Fatal(err)
	}
	if deleted, _ := os.ReadFile(log); !strings.HasPrefix(string(deleted), "deleted two after updated two") {
		t.Errorf("delete wrote %q", deleted)
	}
}

func TestStateHoldsOnlyWhatWasSetAndTheOutputs(t *testing.T) {
	r := newResource(t, localCommand, "x")
	if err := r.create(map[string]property.Value{"create": text("true")}); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range r.state.All {
		names = append(names, name)
	}
	sort.Strings(names)
	if got := strings.Join(names, " "); got != "create stderr stdout" {
		t.Errorf("state has %s", got)
	}
}

func TestLocalUpdateWithoutUpdateCommandRunsCreate(t *testing.T) {
	r := newResource(t, localCommand, "x")
	if err := r.create(map[string]property.Value{"create": text("echo 1")}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.update(map[string]property.Value{"create": text("echo 2")}, false); err != nil {
		t.Fatal(err)
	}
	r.wantOutput("stdout", "2")
}

func TestPreviousOutputCanBeLeftOut(t *testing.T) {
	r := newResource(t, localCommand, "x")
	inputs := map[string]property.Value{
		"create": text("echo 1"), "update": text(`echo "[$PULUMI_COMMAND_STDOUT]"`),
		"addPreviousOutputInEnv": property.New(false),
	}
	if err := r.create(inputs); err != nil {
		t.Fatal(err)
	}
	if _, err := r.update(with(inputs, "stdin", text("changed")), false); err != nil {
		t.Fatal(err)
	}
	r.wantOutput("stdout", "[]")
}

func TestLocalFailure(t *testing.T) {
	r := newResource(t, localCommand, "x")
	err := r.create(map[string]property.Value{"create": text("echo out; echo err >&2; exit 3")})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"exit status 3", `running "echo out; echo err >&2; exit 3"`, "out\n", "err\n"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	if err := r.create(map[string]property.Value{"create": text("true"), "dir": text("/nonexistent")}); err == nil {
		t.Error("a directory that does not exist is no error")
	}
}

func TestInterpreterDirAndAssets(t *testing.T) {
	dir := t.TempDir()
	r := newResource(t, localCommand, "x")
	inputs := map[string]property.Value{
		"interpreter": list("/bin/sh", "-eu", "-c"), "dir": text(dir),
		"create": text("mkdir -p a/b src; echo 1 > a/b/c.svg; echo 2 > src/i.js; echo 3 > src/secret.js; pwd"),
		"update": text("true"), "assetPaths": list("a/**", "src/*.js", "!**secret.*"), "archivePaths": list("**.js"),
	}
	if err := r.create(inputs); err != nil {
		t.Fatal(err)
	}
	r.wantOutput("stdout", dir)
	var names []string
	for name, asset := range r.state.Get("assets").AsMap().All {
		names = append(names, name)
		if got := asset.AsAsset().Path; got != filepath.Join(dir, name) {
			t.Errorf("asset %s has path %s", name, got)
		}
	}
	sort.Strings(names)
	if got := strings.Join(names, " "); got != "a/b/c.svg src/i.js" {
		t.Errorf("assets %s", got)
	}
	if archive := r.state.Get("archive").AsArchive(); len(archive.Assets) != 2 {
		t.Errorf("archive %v", archive.Assets)
	}
	// The state must be readable again.
	if _, err := r.update(with(inputs, "stdin", text("x")), false); err != nil {
		t.Fatal(err)
	}
}

func TestDiff(t *testing.T) {
	r := newResource(t, localCommand, "x")
	inputs := map[string]property.Value{"create": text("echo 1"), "triggers": list("a")}
	if err := r.create(inputs); err != nil {
		t.Fatal(err)
	}
	if r.diff(inputs).HasChanges {
		t.Error("changes where there are none")
	}
	if diff := r.diff(with(inputs, "create", text("echo 2"))); diff.DetailedDiff["create"].Kind != p.Update {
		t.Errorf("create: %v", diff)
	}
	if diff := r.diff(with(inputs, "triggers", list("b"))); !diff.HasChanges {
		t.Errorf("triggers: %v", diff)
	}
}

func TestPreview(t *testing.T) {
	r := newResource(t, localCommand, "x")
	inputs := map[string]property.Value{"create": text("echo 1"), "stdin": text("a")}
	if err := r.create(inputs); err != nil {
		t.Fatal(err)
	}
	same, err := r.update(inputs, true)
	if err != nil || same.Get("stdout").IsComputed() {
		t.Errorf("stdout is unknown though nothing changes: %v %v", same, err)
	}
	changed, err := r.update(with(inputs, "stdin", text("b")), true)
	if err != nil || !changed.Get("stdout").IsComputed() || changed.Get("create").IsComputed() {
		t.Errorf("only outputs should be unknown: %v %v", changed, err)
	}
}

func TestSecretInputsStaySecret(t *testing.T) {
	r := newResource(t, localCommand, "x")
	err := r.create(map[string]property.Value{"create": text("cat"), "stdin": text("s").WithSecret(true)})
	if err != nil {
		t.Fatal(err)
	}
	if !r.state.Get("stdin").Secret() || r.state.Get("stdout").Secret() {
		t.Errorf("state %v", r.state)
	}
}

// The state of a remote command: the connection is secret, and in it what lets one in, as in the
// official plugin's.
func TestConnectionInTheState(t *testing.T) {
	r := newResource(t, "command:remote:Command", "x")
	endpoint := map[string]property.Value{
		"host": text("127.0.0.1"), "password": text("a"), "privateKey": text("b"), "privateKeyPassword": text("c"),
	}
	connection := with(endpoint, "proxy", property.New(endpoint))
	// Without a create command nothing is connected to.
	if err := r.create(map[string]property.Value{"connection": property.New(connection)}); err != nil {
		t.Fatal(err)
	}
	for what, properties := range map[string]property.Map{"inputs": r.inputs, "state": r.state} {
		written := properties.Get("connection")
		if !written.Secret() {
			t.Errorf("%s: the connection is not secret", what)
		}
		for where, each := range map[string]property.Map{"": written.AsMap(), "proxy ": written.AsMap().Get("proxy").AsMap()} {
			for name, value := range each.All {
				wanted := name == "password" || name == "privateKey" || name == "privateKeyPassword"
				if value.Secret() != wanted {
					t.Errorf("%s: %s%s secret: %t", what, where, name, value.Secret())
				}
			}
		}
	}
}

func TestLocalRun(t *testing.T) {
	result, err := newServer(t).Invoke(p.InvokeRequest{
		Token: "command:local:run",
		Args:  property.NewMap(map[string]property.Value{"command": text("echo hi; cat"), "stdin": text("in")}),
	})
	if err != nil || result.Return.Get("stdout").AsString() != "hi\nin" {
		t.Errorf("%v %v", result, err)
	}
}

// The names in the npm package @pulumi/command 1.2.1.
func TestSchemaIsThePublishedOne(t *testing.T) {
	response, err := newServer(t).GetSchema(p.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties, InputProperties, Inputs, Outputs map[string]any
	}
	var schema struct {
		Version          string
		Resources, Types map[string]object
		Functions        map[string]struct{ Inputs, Outputs object }
	}
	if err := json.Unmarshal([]byte(response.Schema), &schema); err != nil {
		t.Fatal(err)
	}
	want := func(what string, got map[string]any, names string) {
		t.Helper()
		var all []string
		for name := range got {
			all = append(all, name)
		}
		sort.Strings(all)
		if joined := strings.Join(all, " "); joined != names {
			t.Errorf("%s has\n %s, want\n %s", what, joined, names)
		}
	}
	endpoint := "agentSocketPath dialErrorLimit host hostKey password perDialTimeout port privateKey privateKeyPassword "
	want("Connection", schema.Types["command:remote:Connection"].Properties, endpoint+"proxy user")
	want("ProxyConnection", schema.Types["command:remote:ProxyConnection"].Properties, endpoint+"user")
	local := schema.Resources[localCommand]
	want("local inputs", local.InputProperties, "addPreviousOutputInEnv archivePaths assetPaths create delete dir "+
		"environment interpreter logging stdin triggers update")
	want("local outputs", local.Properties, "addPreviousOutputInEnv archive archivePaths assetPaths assets create "+
		"delete dir environment interpreter logging stderr stdin stdout triggers update")
	for _, name := range []string{"Connection", "ProxyConnection"} {
		var secrets []string
		for field, value := range schema.Types["command:remote:"+name].Properties {
			if value.(map[string]any)["secret"] == true {
				secrets = append(secrets, field)
			}
		}
		sort.Strings(secrets)
		// Without these marks, every remote command is to be updated when the plugin is exchanged for the
		// official one.
		if got := strings.Join(secrets, " "); got != "password privateKey privateKeyPassword" {
			t.Errorf("secrets of %s: %s", name, got)
		}
	}
	remote := schema.Resources["command:remote:Command"]
	for _, properties := range []map[string]any{remote.InputProperties, remote.Properties} {
		if properties["connection"].(map[string]any)["secret"] != true {
			t.Error("a connection is not secret")
		}
	}
	want("remote inputs", remote.InputProperties,
		"addPreviousOutputInEnv connection create delete environment logging stdin triggers update")
	want("remote outputs", remote.Properties,
		"addPreviousOutputInEnv connection create delete environment logging stderr stdin stdout triggers update")
	want("CopyToRemote", schema.Resources["command:remote:CopyToRemote"].InputProperties,
		"connection remotePath source triggers")
	want("CopyFile", schema.Resources["command:remote:CopyFile"].InputProperties,
		"connection localPath remotePath triggers")
	run := schema.Functions["command:local:run"]
	want("run inputs", run.Inputs.Properties, "addPreviousOutputInEnv archivePaths assetPaths command dir "+
		"environment interpreter logging stdin")
	want("run outputs", run.Outputs.Properties, "addPreviousOutputInEnv archive archivePaths assetPaths assets command "+
		"dir environment interpreter logging stderr stdin stdout")
}
