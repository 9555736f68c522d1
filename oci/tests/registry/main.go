// Command registry serves an OCI registry on a free port of 127.0.0.1, for the tests of `cargo oci`. It prints the address,
// then serves until its standard input ends: so it never outlives the test that started it.
//
// It is CNCF distribution with its files in -storage; or, with -referrers, go-containerregistry's registry in memory, because
// distribution does not have the referrers API.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/google/go-containerregistry/pkg/registry"
	"golang.org/x/crypto/bcrypt"
)

func main() {
	storage := flag.String("storage", "", "directory of the blobs and manifests")
	referrers := flag.Bool("referrers", false, "serve the registry that has the referrers API")
	user := flag.String("user", "", "the only user that is let in; the password is read from REGISTRY_PASSWORD")
	certificate := flag.String("certificate", "", "PEM file of the server's certificate; without it, plain HTTP")
	key := flag.String("key", "", "PEM file of the certificate's key")
	flag.Parse()

	var handler http.Handler
	if *referrers {
		handler = registry.New(registry.WithReferrersSupport(true), registry.Logger(log.Default()))
	} else {
		handler = distribution(*storage, *user)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if *certificate == "" {
		check(http.Serve(listener, handler))
	} else {
		check(http.ServeTLS(listener, handler, *certificate, *key))
	}
}

func distribution(storage, user string) http.Handler {
	config := &configuration.Configuration{
		Storage: configuration.Storage{
			"filesystem": {"rootdirectory": storage},
			// What distribution does in the background for upload directories that were left behind.
			"maintenance": {"uploadpurging": map[any]any{"enabled": false}},
		},
	}
	config.HTTP.Secret = "of one test" // else distribution warns that several instances would not share one
	if user != "" {
		hash, err := bcrypt.GenerateFromPassword([]byte(os.Getenv("REGISTRY_PASSWORD")), bcrypt.MinCost)
		check(err)
		file := storage + ".htpasswd"
		check(os.WriteFile(file, []byte(user+":"+string(hash)+"\n"), 0o600))
		config.Auth = configuration.Auth{"htpasswd": {"realm": "tests", "path": file}}
	}
	return handlers.NewApp(context.Background(), config)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
