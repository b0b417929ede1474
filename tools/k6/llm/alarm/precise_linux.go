package alarm

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// precise is a timer of the kernel's that the runtime waits for as for a socket.
type precise struct {
	file *os.File
	conn syscall.RawConn
}

// newPrecise is nil where the kernel has no timer to give: Go's alone will do.
func newPrecise(fire func()) *precise {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	file := os.NewFile(uintptr(fd), "timerfd")
	conn, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil
	}
	go func() {
		var expirations [8]byte
		for {
			if _, err := file.Read(expirations[:]); err != nil {
				return // closed
			}
			fire()
		}
	}()
	return &precise{file, conn}
}

func (p *precise) set(left time.Duration) {
	if p == nil {
		return
	}
	_ = p.conn.Control(func(fd uintptr) {
		_ = unix.TimerfdSettime(int(fd), 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(left))}, nil)
	})
}

func (p *precise) close() {
	if p != nil {
		_ = p.file.Close()
	}
}
