// Command kubernetes-yaml reads texts as kubectl reads manifests: the reader of k8s.io/apimachinery splits them at the lines that
// separate documents, and sigs.k8s.io/yaml makes JSON of each; a text of JSON objects is read as JSON.
//
// Each line of the input is a text in base64. Each line of the output is {"documents":[...]} without those that are null, or
// {"error":"..."}; with the flag -strict repeated keys are errors.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"os"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type answer struct {
	Documents []json.RawMessage `json:"documents"`
	Error     string            `json:"error,omitempty"`
}

func main() {
	strict := flag.Bool("strict", false, "refuse repeated keys")
	flag.Parse()
	convert := yaml.YAMLToJSON
	if *strict {
		convert = yaml.YAMLToJSONStrict
	}
	input := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		text, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(line)))
		if err != nil {
			log.Fatal(err)
		}
		documents, err := read(text, convert)
		result := answer{Documents: documents}
		if err != nil {
			result = answer{Error: err.Error()}
		}
		if err := output.Encode(result); err != nil {
			log.Fatal(err)
		}
	}
}

func read(text []byte, convert func([]byte) ([]byte, error)) (documents []json.RawMessage, err error) {
	if utilyaml.IsJSONBuffer(text) {
		if documents, err := readJSON(text); err == nil {
			return documents, nil
		}
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		converted, err := convert(document)
		if err != nil {
			return nil, err
		}
		if string(converted) != "null" {
			documents = append(documents, converted)
		}
	}
}

// readJSON reads objects, one after the other. Of a repeated key the last one counts; numbers stay as they are written.
func readJSON(text []byte) (documents []json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	for {
		var value map[string]any
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		document, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
}
