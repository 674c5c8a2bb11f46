//! The official Rust client on a string: does what requests on standard input say (docs/interop.md) and tells on
//! standard output what came of it. Uses nothing but the published library.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocketmq::conf::{ClientOption, LoggingFormat, ProducerOption, SimpleConsumerOption};
use rocketmq::model::common::{FilterExpression, FilterType};
use rocketmq::model::message::{MessageBuilder, MessageView};
use rocketmq::model::transaction::{Transaction, TransactionResolution};
use rocketmq::{Producer, SimpleConsumer};
use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt, BufReader};

type Answer = Result<Value, String>;

/// A consumer and what it subscribes: this library names topic and filter at each receive.
struct Reader {
    consumer: SimpleConsumer,
    topic: String,
    expression: String,
    sql: bool,
}

struct Held {
    message: MessageView,
    reader: Arc<Reader>,
}

#[derive(Default)]
struct Agent {
    endpoints: String,
    tls: bool,
    producers: Mutex<HashMap<String, Arc<Producer>>>,
    readers: Mutex<HashMap<String, Arc<Reader>>>,
    messages: Mutex<HashMap<u64, Arc<Held>>>,
    next_ref: AtomicU64,
}

fn say(line: Value) {
    println!("{line}");
}

fn text(request: &Value, field: &str) -> String {
    request[field].as_str().unwrap_or_default().to_string()
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

/// A message as the driver sees it.
fn told(message: &MessageView) -> Value {
    json!({
        "id": message.message_id(), "topic": message.topic(),
        "body": String::from_utf8_lossy(message.body()), "tag": message.tag(), "keys": message.keys(),
        "properties": message.properties(), "attempt": message.delivery_attempt(),
        "group": message.message_group(), "at": now_ms(),
    })
}

fn builder_of(request: &Value) -> MessageBuilder {
    let mut message = MessageBuilder::builder()
        .set_topic(text(request, "topic"))
        .set_body(text(request, "body").into_bytes());
    if let Some(tag) = request["tag"].as_str() {
        message = message.set_tag(tag);
    }
    if let Some(keys) = request["keys"].as_array() {
        message = message.set_keys(keys.iter().filter_map(Value::as_str).collect());
    }
    if let Some(properties) = request["properties"].as_object() {
        let pairs = properties.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
        message = message.set_properties(pairs.collect());
    }
    if let Some(group) = request["group"].as_str() {
        message = message.set_message_group(group);
    }
    if let Some(at) = request["deliverAt"].as_i64() {
        message = message.set_delivery_timestamp(at / 1000);
    }
    message
}

fn failed(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Agent {
    fn client(&self) -> ClientOption {
        let mut option = ClientOption::default();
        option.set_access_url(&self.endpoints);
        option.set_enable_tls(self.tls);
        option
    }

    async fn perform(&self, request: &Value) -> Answer {
        match request["op"].as_str().unwrap_or_default() {
            "producer" => self.start_producer(request).await,
            "send" => {
                let message = builder_of(request).build().map_err(failed)?;
                let receipt = self.producer(request)?.send(message).await.map_err(failed)?;
                Ok(json!({ "id": receipt.message_id() }))
            }
            "transaction" => self.transaction(request).await,
            "simple" => self.start_simple(request).await,
            "receive" => self.receive(request).await,
            "ack" => self.ack(request).await,
            "stop" => self.stop(&text(request, "name")).await,
            other => Err(format!("this library has no {other}")),
        }
    }

    fn producer(&self, request: &Value) -> Result<Arc<Producer>, String> {
        let producers = self.producers.lock().map_err(failed)?;
        producers.get(&text(request, "producer")).cloned().ok_or("there is no such producer".to_string())
    }

    async fn start_producer(&self, request: &Value) -> Answer {
        let name = text(request, "name");
        let mut option = ProducerOption::default();
        option.set_logging_format(LoggingFormat::Json);
        let topics = request["topics"].as_array().cloned().unwrap_or_default();
        option.set_topics(topics.iter().filter_map(Value::as_str).collect());
        let mut producer = match request["check"].as_str() {
            None => Producer::new(option, self.client()).map_err(failed)?,
            Some(check) => {
                let (check, teller) = (check.to_string(), name.clone());
                let checker = Box::new(move |_: String, message: MessageView| {
                    let mut line = told(&message);
                    line["event"] = json!("check");
                    line["producer"] = json!(teller);
                    say(line);
                    match check.as_str() {
                        "commit" => TransactionResolution::COMMIT,
                        "rollback" => TransactionResolution::ROLLBACK,
                        _ => TransactionResolution::UNKNOWN,
                    }
                });
                Producer::new_transaction_producer(option, self.client(), checker).map_err(failed)?
            }
        };
        producer.start().await.map_err(failed)?;
        self.producers.lock().map_err(failed)?.insert(name, Arc::new(producer));
        Ok(json!({}))
    }

    async fn transaction(&self, request: &Value) -> Answer {
        let message = builder_of(request).enable_transaction().build().map_err(failed)?;
        let producer = self.producer(request)?;
        let transaction = producer.send_transaction_message(message).await.map_err(failed)?;
        let id = transaction.message_id().to_string();
        match request["end"].as_str().unwrap_or_default() {
            "commit" => transaction.commit().await.map_err(failed)?,
            "rollback" => transaction.rollback().await.map_err(failed)?,
            _ => (),
        }
        Ok(json!({ "id": id }))
    }

    async fn start_simple(&self, request: &Value) -> Answer {
        let mut option = SimpleConsumerOption::default();
        option.set_logging_format(LoggingFormat::Json);
        option.set_consumer_group(text(request, "group"));
        option.set_topics(vec![text(request, "topic")]);
        let mut client = self.client();
        client.set_long_polling_timeout(Duration::from_millis(request["awaitMs"].as_u64().unwrap_or(5_000)));
        let mut consumer = SimpleConsumer::new(option, client).map_err(failed)?;
        consumer.start().await.map_err(failed)?;
        let reader = Reader {
            consumer,
            topic: text(request, "topic"),
            expression: text(request, "expression"),
            sql: request["sql"].as_bool().unwrap_or(false),
        };
        self.readers.lock().map_err(failed)?.insert(text(request, "name"), Arc::new(reader));
        Ok(json!({}))
    }

    async fn receive(&self, request: &Value) -> Answer {
        let name = text(request, "consumer");
        let reader = self.readers.lock().map_err(failed)?.get(&name).cloned();
        let reader = reader.ok_or("there is no such consumer")?;
        let kind = if reader.sql { FilterType::Sql } else { FilterType::Tag };
        let filter = FilterExpression::new(kind, reader.expression.clone());
        let invisible = Duration::from_millis(request["invisibleMs"].as_u64().unwrap_or(10_000));
        let max = request["max"].as_i64().unwrap_or(1) as i32;
        let received = reader.consumer.receive_with(&reader.topic, &filter, max, invisible).await;
        let mut lines = vec![];
        for message in received.map_err(failed)? {
            let number = self.next_ref.fetch_add(1, Ordering::Relaxed);
            let mut line = told(&message);
            line["ref"] = json!(number);
            let held = Held { message, reader: reader.clone() };
            self.messages.lock().map_err(failed)?.insert(number, Arc::new(held));
            lines.push(line);
        }
        Ok(json!({ "messages": lines }))
    }

    async fn ack(&self, request: &Value) -> Answer {
        let number = request["ref"].as_u64().unwrap_or_default();
        let held = self.messages.lock().map_err(failed)?.get(&number).cloned();
        let held = held.ok_or("there is no such message")?;
        held.reader.consumer.ack(&held.message).await.map_err(failed)?;
        self.messages.lock().map_err(failed)?.remove(&number);
        Ok(json!({}))
    }

    /// The library's shutdown takes its client, which receives still share: the last one to go drops it.
    async fn stop(&self, name: &str) -> Answer {
        let producer = self.producers.lock().map_err(failed)?.remove(name);
        if let Some(Ok(producer)) = producer.map(Arc::try_unwrap) {
            producer.shutdown().await.map_err(failed)?;
        }
        self.readers.lock().map_err(failed)?.remove(name);
        Ok(json!({}))
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let endpoints = arguments[1].clone();
    let agent = Arc::new(Agent { endpoints, tls: arguments[2] == "on", ..Agent::default() });
    say(json!({ "event": "hello" }));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(request) = serde_json::from_str::<Value>(&line) else { continue };
        let agent = agent.clone();
        tokio::spawn(async move {
            let number = request["n"].clone();
            match agent.perform(&request).await {
                Ok(ok) => say(json!({ "n": number, "ok": ok })),
                Err(error) => say(json!({ "n": number, "error": error })),
            }
        });
    }
    std::process::exit(0);
}
