// Command etcd is the server of etcd's own Go module, whose main package cannot be built from outside of its repository.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
