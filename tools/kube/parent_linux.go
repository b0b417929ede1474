package main

import (
	"os"
	"syscall"
)

// dieWithParent asks the kernel for SIGTERM when the supervisor dies, so that
// a killed supervisor leaves no control plane behind. Only where it is asked
// for: kubectl runs under whatever shell the user has.
func dieWithParent() {
	if os.Getenv("FIREDRILL_DIE_WITH_PARENT") == "" {
		return
	}
	const prSetPdeathsig = 1
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPdeathsig, uintptr(syscall.SIGTERM), 0)
}
