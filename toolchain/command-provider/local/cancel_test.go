package local

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A cancelled command ends at once with what it has started, except what has left its process
// group.
func TestCancel(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	command := "setsid sleep 30 > /dev/null 2>&1 & echo $! > kept; sleep 30 & echo $! > killed; wait"
	began := time.Now()
	err := run(ctx, command, BaseInputs{Dir: &dir}, &BaseOutputs{})
	if err == nil || time.Since(began) > 5*time.Second {
		t.Fatalf("%v after %v", err, time.Since(began))
	}
	if kept := pidIn(t, dir, "kept"); syscall.Kill(kept, 0) != nil {
		t.Error("what called setsid was killed")
	} else {
		_ = syscall.Kill(kept, syscall.SIGKILL)
	}
	killed := pidIn(t, dir, "killed")
	for i := 0; i < 50 && running(killed); i++ {
		time.Sleep(20 * time.Millisecond)
	}
	if running(killed) {
		t.Error("what was started in the same group lives")
	}
}

// The results are complete only when everyone has closed stdout.
func TestWaitsForTheOutput(t *testing.T) {
	out := BaseOutputs{}
	if err := run(context.Background(), "(sleep 0.3; echo late) & echo early", BaseInputs{}, &out); err != nil {
		t.Fatal(err)
	}
	if out.Stdout != "early\nlate" {
		t.Errorf("stdout %q", out.Stdout)
	}
}

func pidIn(t *testing.T, dir, name string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
