package local

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// killTree kills the command's process and what that has started, except what has put itself into a
// process group or session of its own: that was meant to stay.
func killTree(process *os.Process) error {
	group, _ := syscall.Getpgid(process.Pid)
	doomed := []int{process.Pid}
	for i := 0; i < len(doomed); i++ {
		doomed = append(doomed, children(doomed[i], group)...)
	}
	err := process.Kill()
	for _, pid := range doomed[1:] {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return err
}

// children returns the processes whose parent is pid and that are in the process group.
func children(pid, group int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if parent, childGroup := parentAndGroup(child); parent == pid && childGroup == group {
			found = append(found, child)
		}
	}
	return found
}

// parentAndGroup reads /proc/PID/stat; zeros mean that the process is gone.
func parentAndGroup(pid int) (parent, group int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	// The name in parentheses may itself hold spaces and parentheses: the fields begin after the last
	// one.
	var state string
	_, _ = fmt.Sscan(string(stat[bytes.LastIndexByte(stat, ')')+1:]), &state, &parent, &group)
	return parent, group
}
