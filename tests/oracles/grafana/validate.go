// Reads a dashboard with the types that Grafana publishes (grafana-foundation-sdk), strictly: a field that they do not have is an error. They do not check every word of a value.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	content, err := os.ReadFile(os.Args[1])
	end(err)
	var read dashboard.Dashboard
	end(read.UnmarshalJSONStrict(content))
	end(read.Validate())
	fmt.Printf("%d panels, each as Grafana's schema has it\n", len(read.Panels))
}

// The library returns an empty list of errors where there is none.
func end(err error) {
	if err == nil || err.Error() == "" {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
