// Command k6 is k6 v2 with firedrill's two modules: k6/x/llm and k6/x/kubernetes.
package main

import (
	"go.k6.io/k6/v2/cmd"

	_ "firedrill/tools/k6/kubernetes"
	"firedrill/tools/k6/llm"
)

// In init the main goroutine is bound to the main thread, which the kernel's
// promise needs: it is kept per thread.
func init() { dieWithParent() }

func main() {
	tuneCollector()
	go collectWhileQuiet(llm.Quiet)
	cmd.Execute()
}
