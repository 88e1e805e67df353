// Package shop keeps orders.
package shop

import (
	"encoding/json"
	"fmt"
	str "strings"
)

import "os"

const MaxLines = 100

var ErrOutOfStock = fmt.Errorf("out of stock")

// Line is one line of an order.
type Line struct {
	Name  string `json:"name"`
	Price int
}

type Reserver interface {
	Reserve(lines []Line) (bool, error)
}

type Order struct {
	Customer string
	Lines    []Line
}

// Total sums up all lines.
func (o *Order) Total() int {
	total := 0
	for _, line := range o.Lines {
		total += line.Price
	}
	return total
}

func Load(
	path string,
	limit int,
) ([]Order, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer file.Close()

	parse := func(text string) (order Order, err error) {
		err = json.Unmarshal([]byte(str.TrimSpace(text)), &order)
		return
	}
	switch order, err := parse(`{"Customer": "Zoë"}`); {
	case err == nil:
		return []Order{order}, nil
	default:
		return nil, err
	}
}
