// Reads a ledger as any auditor would, with the packages that Go checks its own module ledger
// with (golang.org/x/mod/sumdb): the checkpoint's signature, every entry's place, every older size.
//
//	check FOLDER VKEY < entries, one hexadecimal line each
//
// It prints its own proofs as JSON, to be compared with ours.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// files serves tiles from a folder, at the paths of C2SP: tile/<level>/<number>.
type files string

func (folder files) Height() int                           { return height }
func (folder files) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (folder files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var bodies [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		body, err := os.ReadFile(filepath.Join(string(folder), path))
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// opened is the tree that a signed checkpoint speaks of.
func opened(folder, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	body, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	read, err := note.Open(body, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(read.Text, "\n")
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	copy(tree.Hash[:], root)
	return tree, err
}

func hexed(proof []tlog.Hash) []string {
	texts := []string{}
	for _, hash := range proof {
		texts = append(texts, hex.EncodeToString(hash[:]))
	}
	return texts
}

func check(folder, vkey string) error {
	tree, err := opened(folder, vkey)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, files(folder))
	said := struct{ Inclusion, Consistency [][]string }{}
	entries := bufio.NewScanner(os.Stdin)
	for index := int64(0); entries.Scan(); index++ {
		entry, err := hex.DecodeString(entries.Text())
		if err != nil {
			return err
		}
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		said.Inclusion = append(said.Inclusion, hexed(proof))
		grown, err := consistency(tree, index+1, reader)
		if err != nil {
			return fmt.Errorf("size %d: %w", index+1, err)
		}
		said.Consistency = append(said.Consistency, hexed(grown))
	}
	return json.NewEncoder(os.Stdout).Encode(said)
}

func consistency(tree tlog.Tree, size int64, reader tlog.HashReader) ([]tlog.Hash, error) {
	old, err := tlog.TreeHash(size, reader)
	if err != nil {
		return nil, err
	}
	proof, err := tlog.ProveTree(tree.N, size, reader)
	if err != nil {
		return nil, err
	}
	return proof, tlog.CheckTree(proof, tree.N, tree.Hash, size, old)
}

func main() {
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
