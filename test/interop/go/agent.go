// The official Go client on a string: does what requests on standard input say (docs/interop.md) and tells on
// standard output what came of it. Uses nothing but the published library.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	rmq "github.com/apache/rocketmq-clients/golang/v5"
	"github.com/apache/rocketmq-clients/golang/v5/credentials"
)

// messageNotFound is what a receive without a message ends with.
const messageNotFound = 40401

type request struct {
	N           int64             `json:"n"`
	Op          string            `json:"op"`
	Name        string            `json:"name"`
	Topics      []string          `json:"topics"`
	Check       string            `json:"check"`
	Producer    string            `json:"producer"`
	Consumer    string            `json:"consumer"`
	Topic       string            `json:"topic"`
	Group       string            `json:"group"`
	Expression  string            `json:"expression"`
	SQL         bool              `json:"sql"`
	AwaitMs     int64             `json:"awaitMs"`
	Body        string            `json:"body"`
	Tag         string            `json:"tag"`
	Keys        []string          `json:"keys"`
	Properties  map[string]string `json:"properties"`
	DeliverAt   int64             `json:"deliverAt"`
	Priority    *int32            `json:"priority"`
	End         string            `json:"end"`
	Handle      string            `json:"handle"`
	Max         int32             `json:"max"`
	InvisibleMs int64             `json:"invisibleMs"`
	Ref         int64             `json:"ref"`
}

type object = map[string]any

// held is a message that was received and can be acknowledged.
type held struct {
	message  *rmq.MessageView
	consumer rmq.SimpleConsumer
}

var (
	endpoints string
	out       sync.Mutex
	state     sync.Mutex
	producers = map[string]rmq.Producer{}
	simples   = map[string]rmq.SimpleConsumer{}
	pushes    = map[string]rmq.PushConsumer{}
	messages  = map[int64]held{}
	nextRef   int64
)

func say(line object) {
	text, _ := json.Marshal(line)
	out.Lock()
	defer out.Unlock()
	fmt.Println(string(text))
}

// told is a message as the driver sees it.
func told(m *rmq.MessageView) object {
	properties := m.GetProperties()
	if properties == nil {
		properties = map[string]string{}
	}
	line := object{
		"id": m.GetMessageId(), "topic": m.GetTopic(), "body": string(m.GetBody()), "keys": m.GetKeys(),
		"properties": properties, "attempt": m.GetDeliveryAttempt(), "at": time.Now().UnixMilli(),
	}
	if m.GetTag() != nil {
		line["tag"] = *m.GetTag()
	}
	if m.GetMessageGroup() != nil {
		line["group"] = *m.GetMessageGroup()
	}
	return line
}

func messageOf(r *request) *rmq.Message {
	m := &rmq.Message{Topic: r.Topic, Body: []byte(r.Body)}
	if r.Tag != "" {
		m.SetTag(r.Tag)
	}
	if len(r.Keys) > 0 {
		m.SetKeys(r.Keys...)
	}
	for key, value := range r.Properties {
		m.AddProperty(key, value)
	}
	if r.Group != "" {
		m.SetMessageGroup(r.Group)
	}
	if r.DeliverAt > 0 {
		m.SetDelayTimestamp(time.UnixMilli(r.DeliverAt))
	}
	if r.Priority != nil {
		_ = m.SetPriority(*r.Priority)
	}
	return m
}

func config(group string) *rmq.Config {
	return &rmq.Config{Endpoint: endpoints, ConsumerGroup: group, Credentials: &credentials.SessionCredentials{}}
}

func filters(r *request) map[string]*rmq.FilterExpression {
	kind := rmq.TAG
	if r.SQL {
		kind = rmq.SQL92
	}
	return map[string]*rmq.FilterExpression{r.Topic: rmq.NewFilterExpressionWithType(r.Expression, kind)}
}

func number(m *rmq.MessageView, property string) int {
	n, _ := strconv.Atoi(m.GetProperties()[property])
	return n
}

// get takes a client or a message by its name.
func get[K comparable, V any](from map[K]V, name K) V {
	state.Lock()
	defer state.Unlock()
	return from[name]
}

func put[K comparable, V any](into map[K]V, name K, value V) {
	state.Lock()
	defer state.Unlock()
	into[name] = value
}

func startProducer(r *request) error {
	options := []rmq.ProducerOption{rmq.WithTopics(r.Topics...)}
	if r.Check != "" {
		options = append(options, rmq.WithTransactionChecker(&rmq.TransactionChecker{
			Check: func(m *rmq.MessageView) rmq.TransactionResolution {
				line := told(m)
				line["event"], line["producer"] = "check", r.Name
				say(line)
				return map[string]rmq.TransactionResolution{"commit": rmq.COMMIT, "rollback": rmq.ROLLBACK}[r.Check]
			},
		}))
	}
	producer, err := rmq.NewProducer(config(""), options...)
	if err != nil {
		return err
	}
	put(producers, r.Name, producer)
	return producer.Start()
}

func transaction(r *request) (object, error) {
	producer := get(producers, r.Producer)
	transaction := producer.BeginTransaction()
	receipts, err := producer.SendWithTransaction(context.Background(), messageOf(r), transaction)
	if err == nil && r.End == "commit" {
		err = transaction.Commit()
	}
	if err == nil && r.End == "rollback" {
		err = transaction.RollBack()
	}
	if err != nil {
		return nil, err
	}
	return object{"id": receipts[0].MessageID}, nil
}

func receive(r *request) (object, error) {
	consumer := get(simples, r.Consumer)
	received, err := consumer.Receive(context.Background(), r.Max, time.Duration(r.InvisibleMs)*time.Millisecond)
	if status, is := rmq.AsErrRpcStatus(err); is && status.GetCode() == messageNotFound {
		err = nil
	}
	lines := []object{}
	for _, m := range received {
		line := told(m)
		state.Lock()
		nextRef++
		line["ref"] = nextRef
		messages[nextRef] = held{m, consumer}
		state.Unlock()
		lines = append(lines, line)
	}
	return object{"messages": lines}, err
}

func startPush(r *request) error {
	deliveries := map[string]int{}
	listen := func(m *rmq.MessageView) rmq.ConsumerResult {
		times := get(deliveries, m.GetMessageId()) + 1
		put(deliveries, m.GetMessageId(), times)
		line := told(m)
		line["event"], line["consumer"] = "message", r.Name
		say(line)
		time.Sleep(time.Duration(number(m, "slow")) * time.Millisecond)
		if times <= number(m, "fail") {
			return rmq.FAILURE
		}
		return rmq.SUCCESS
	}
	consumer, err := rmq.NewPushConsumer(config(r.Group),
		rmq.WithPushAwaitDuration(5*time.Second),
		rmq.WithPushSubscriptionExpressions(filters(r)),
		rmq.WithPushMessageListener(&rmq.FuncMessageListener{Consume: listen}))
	if err != nil {
		return err
	}
	put(pushes, r.Name, consumer)
	return consumer.Start()
}

func do(r *request) (object, error) {
	switch r.Op {
	case "producer":
		return nil, startProducer(r)
	case "send":
		receipts, err := get(producers, r.Producer).Send(context.Background(), messageOf(r))
		if err != nil {
			return nil, err
		}
		return object{"id": receipts[0].MessageID, "handle": receipts[0].RecallHandle}, nil
	case "transaction":
		return transaction(r)
	case "recall":
		id, err := get(producers, r.Producer).Recall(context.Background(), r.Topic, r.Handle)
		return object{"id": id}, err
	case "simple":
		consumer, err := rmq.NewSimpleConsumer(config(r.Group),
			rmq.WithSimpleAwaitDuration(time.Duration(r.AwaitMs)*time.Millisecond),
			rmq.WithSimpleSubscriptionExpressions(filters(r)))
		if err != nil {
			return nil, err
		}
		put(simples, r.Name, consumer)
		return nil, consumer.Start()
	case "receive":
		return receive(r)
	case "ack":
		one := get(messages, r.Ref)
		return nil, one.consumer.Ack(context.Background(), one.message)
	case "change":
		one := get(messages, r.Ref)
		return nil, one.consumer.ChangeInvisibleDuration(one.message, time.Duration(r.InvisibleMs)*time.Millisecond)
	case "push":
		return nil, startPush(r)
	case "stop":
		return nil, stop(r.Name)
	}
	return nil, fmt.Errorf("there is no operation %s", r.Op)
}

func stop(name string) error {
	if producer := get(producers, name); producer != nil {
		return producer.GracefulStop()
	}
	if consumer := get(simples, name); consumer != nil {
		return consumer.GracefulStop()
	}
	return get(pushes, name).GracefulStop()
}

func main() {
	endpoints = os.Args[1]
	rmq.EnableSsl = os.Args[2] == "on"
	say(object{"event": "hello"})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 16<<20)
	for lines.Scan() {
		r := &request{}
		if err := json.Unmarshal(lines.Bytes(), r); err != nil {
			panic(err)
		}
		go func() {
			ok, err := do(r)
			if err != nil {
				say(object{"n": r.N, "error": err.Error()})
				return
			}
			if ok == nil {
				ok = object{}
			}
			say(object{"n": r.N, "ok": ok})
		}()
	}
}
