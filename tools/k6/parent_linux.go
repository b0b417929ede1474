package main

import (
	"os"
	"syscall"
)

// dieWithParent asks the kernel for SIGTERM when the runner dies, so that a
// killed runner leaves no load behind. Only where it is asked for: elsewhere
// k6 runs under whatever shell the user has.
func dieWithParent() {
	if os.Getenv("FIREDRILL_DIE_WITH_PARENT") == "" {
		return
	}
	const prSetPdeathsig = 1
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPdeathsig, uintptr(syscall.SIGTERM), 0)
}
