// Package main is the code of the pack feeds.
package main

import (
	"encoding/json"
	"fmt"

	squall "github.com/squall-dev/squall/sdk/go"
)

//go:wasmexport poll
func poll() int32 { return squall.Poll(look) }

// most is how many items one poll raises; the rest waits for the next.
const most = 100

// look raises the items that are newer than the last one seen. The first poll only
// remembers where the feed stands: what is in it already is no news.
func look(last *string) ([]squall.Found, *string, error) {
	var config struct {
		URL string `json:"feed_url"`
	}
	if err := squall.Config(&config); err != nil {
		return nil, nil, err
	}
	if config.URL == "" {
		squall.Debugf("feed_url is not configured")
		return nil, last, nil
	}
	items, err := read(config.URL)
	if err != nil {
		return nil, nil, err
	}
	if last == nil {
		return nil, begin(items), nil
	}
	found := []squall.Found{}
	for _, it := range newer(items, *last) {
		found = append(found, squall.Found{Trigger: "item", Payload: map[string]any{"id": it.id, "item": it.content}})
		last = &it.id
	}
	squall.Infof("%d new of %d items", len(found), len(items))
	return found, last, nil
}

// begin is the cursor behind everything that is there. A feed that is empty has none
// in it: whatever comes is new.
func begin(items []item) *string {
	if len(items) == 0 {
		return new(string)
	}
	return &items[0].id
}

// newer lists the items above the last one seen, oldest first. When that one has left
// the feed, nobody can tell which are new, and all of them are taken.
func newer(items []item, last string) []item {
	n := 0
	for n < len(items) && items[n].id != last {
		n++
	}
	oldestFirst := make([]item, 0, n)
	for i := n - 1; i >= 0 && len(oldestFirst) < most; i-- {
		oldestFirst = append(oldestFirst, items[i])
	}
	return oldestFirst
}

// item is one entry of a feed.
type item struct {
	id      string
	content json.RawMessage
}

func read(url string) ([]item, error) {
	reply, err := squall.HTTPSend(squall.HTTPRequest{URL: url, Headers: map[string]string{"Accept": "application/json"}})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the feed: %w", err)
	case reply.Status != 200:
		return nil, fmt.Errorf("the feed answered with status %d", reply.Status)
	case reply.Truncated:
		return nil, fmt.Errorf("the feed is larger than 1 MiB")
	}
	return parse([]byte(reply.Body))
}

// parse reads a JSON Feed, or a list of objects.
func parse(body []byte) ([]item, error) {
	var list []json.RawMessage
	if json.Unmarshal(body, &list) != nil {
		var feed struct {
			Items []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(body, &feed); err != nil {
			return nil, fmt.Errorf("the feed is neither a JSON Feed nor a JSON list: %w", err)
		}
		list = feed.Items
	}
	items := make([]item, 0, len(list))
	for i, content := range list {
		id, err := idOf(content)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		items = append(items, item{id, content})
	}
	return items, nil
}

// idOf reads an id as text; a number keeps its digits.
func idOf(content json.RawMessage) (string, error) {
	var it struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(content, &it); err != nil {
		return "", err
	}
	var text string
	if json.Unmarshal(it.ID, &text) == nil && text != "" {
		return text, nil
	}
	var number json.Number
	if json.Unmarshal(it.ID, &number) == nil && number != "" {
		return number.String(), nil
	}
	return "", fmt.Errorf("it has no id")
}

func main() {}
