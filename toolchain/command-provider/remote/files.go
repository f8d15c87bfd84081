package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
)

// remoteFiles is the file system of the other machine.
type remoteFiles struct{ *sftp.Client }

func (c Connection) withFiles(ctx context.Context, use func(remoteFiles) error) error {
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	files, err := sftp.NewClient(client, sftp.UseConcurrentWrites(true))
	if err != nil {
		return err
	}
	defer files.Close()
	return use(remoteFiles{files})
}

// putText writes content into the file destination, whose directory must exist.
func (f remoteFiles) putText(content, destination string) error {
	info, err := f.stat(destination)
	if err != nil {
		return err
	}
	if info != nil && info.IsDir() {
		return fmt.Errorf("remote path %s is a directory: a text needs the path of a file", destination)
	}
	return f.write(strings.NewReader(content), destination)
}

// putPath copies a file or a directory. As with rsync, a directory goes into destination under its
// own name, and a directory with a slash at its end gives its content only. A file whose
// destination is a directory goes into it.
func (f remoteFiles) putPath(source, destination string) error {
	sourceInfo, err := os.Stat(source)
	if err != nil {
		return err
	}
	info, err := f.stat(destination)
	if err != nil {
		return err
	}
	if sourceInfo.IsDir() {
		if err := f.makeDirectory(destination); err != nil {
			return err
		}
		if !strings.HasSuffix(source, "/") {
			destination = path.Join(destination, filepath.Base(source))
		}
		return f.putDirectory(source, destination)
	}
	if info != nil && info.IsDir() {
		destination = path.Join(destination, filepath.Base(source))
	}
	return f.putFile(source, destination)
}

func (f remoteFiles) putDirectory(source, destination string) error {
	return fs.WalkDir(os.DirFS(source), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return f.makeDirectory(path.Join(destination, name))
		}
		return f.putFile(filepath.Join(source, filepath.FromSlash(name)), path.Join(destination, name))
	})
}

func (f remoteFiles) putFile(source, destination string) error {
	local, err := os.Open(source)
	if err != nil {
		return err
	}
	defer local.Close()
	return f.write(local, destination)
}

func (f remoteFiles) write(content io.Reader, destination string) error {
	file, err := f.Create(destination)
	if err != nil {
		return fmt.Errorf("failed to create remote file %s: %w", destination, err)
	}
	_, err = file.ReadFrom(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("failed to copy to remote path %s: %w", destination, err)
	}
	return nil
}

func (f remoteFiles) makeDirectory(name string) error {
	info, err := f.stat(name)
	switch {
	case err != nil:
		return err
	case info == nil:
		if err := f.Mkdir(name); err != nil {
			return fmt.Errorf("failed to create remote directory %s: %w", name, err)
		}
	case !info.IsDir():
		return fmt.Errorf("remote path %s exists but is not a directory", name)
	}
	return nil
}

// stat returns nil where there is nothing.
func (f remoteFiles) stat(name string) (fs.FileInfo, error) {
	info, err := f.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to stat remote path %s: %w", name, err)
	}
	return info, nil
}
