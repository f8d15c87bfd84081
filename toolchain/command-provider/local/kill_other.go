//go:build !linux

package local

import "os"

// killTree kills the command's process; what that has started ends with the plugin's process group.
func killTree(process *os.Process) error { return process.Kill() }
