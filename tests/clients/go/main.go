// go-redis FILE: writes one key after the other; FILE gets a line for each that was acknowledged:
// the key, and when (ms).
package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

func main() {
	acknowledged, err := os.OpenFile(os.Args[1], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	client := newClient()
	for index := 1; ; index++ {
		key := fmt.Sprintf("go-redis:%d", index)
		if err := client.Set(context.Background(), key, key, 0).Err(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		fmt.Fprintf(acknowledged, "%s %d\n", key, time.Now().UnixMilli())
		time.Sleep(20 * time.Millisecond)
	}
}
