package capture

import "bytes"

// longestLine is where a line is shown in pieces: the official plugin stops reading there and never
// ends.
const longestLine = 64 * 1024

// lineLogger cuts a stream into lines and hands each to log.
type lineLogger struct {
	log     func(line string)
	pending []byte
}

func (l *lineLogger) write(data []byte) {
	l.pending = append(l.pending, data...)
	for {
		end := bytes.IndexByte(l.pending, '\n')
		switch {
		case end >= 0:
			l.log(string(bytes.TrimSuffix(l.pending[:end], []byte("\r"))))
			l.pending = l.pending[end+1:]
		case len(l.pending) >= longestLine:
			l.flush()
		default:
			return
		}
	}
}

func (l *lineLogger) flush() {
	if len(l.pending) > 0 {
		l.log(string(l.pending))
		l.pending = nil
	}
}
