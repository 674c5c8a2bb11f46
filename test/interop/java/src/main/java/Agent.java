import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.client.apis.ClientConfiguration;
import org.apache.rocketmq.client.apis.ClientServiceProvider;
import org.apache.rocketmq.client.apis.consumer.ConsumeResult;
import org.apache.rocketmq.client.apis.consumer.FilterExpression;
import org.apache.rocketmq.client.apis.consumer.FilterExpressionType;
import org.apache.rocketmq.client.apis.consumer.SimpleConsumer;
import org.apache.rocketmq.client.apis.message.Message;
import org.apache.rocketmq.client.apis.message.MessageBuilder;
import org.apache.rocketmq.client.apis.message.MessageView;
import org.apache.rocketmq.client.apis.producer.Producer;
import org.apache.rocketmq.client.apis.producer.SendReceipt;
import org.apache.rocketmq.client.apis.producer.Transaction;
import org.apache.rocketmq.client.apis.producer.TransactionResolution;

/**
 * The official Java client on a string: does what requests on standard input say (docs/interop.md) and tells on
 * standard output what came of it. Uses nothing but the published library.
 */
public final class Agent {
  private static final Gson GSON = new Gson();
  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
  private static final ClientServiceProvider PROVIDER = ClientServiceProvider.loadService();
  private static final Map<String, Closeable> CLIENTS = new ConcurrentHashMap<>();
  private static final Map<Long, Held> MESSAGES = new ConcurrentHashMap<>();
  private static final AtomicLong NEXT_REF = new AtomicLong(1);
  private static ClientConfiguration configuration;

  /** A message that was received and can be acknowledged. */
  private record Held(MessageView message, SimpleConsumer consumer) {}

  private static void say(Map<String, Object> line) {
    String text = GSON.toJson(line);
    synchronized (OUT) {
      OUT.println(text);
      OUT.flush();
    }
  }

  /** A message as the driver sees it. */
  private static Map<String, Object> told(MessageView message) {
    byte[] body = new byte[message.getBody().remaining()];
    message.getBody().duplicate().get(body);
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("id", message.getMessageId().toString());
    line.put("topic", message.getTopic());
    line.put("body", new String(body, StandardCharsets.UTF_8));
    message.getTag().ifPresent(tag -> line.put("tag", tag));
    line.put("keys", message.getKeys());
    line.put("properties", message.getProperties());
    line.put("attempt", message.getDeliveryAttempt());
    message.getMessageGroup().ifPresent(group -> line.put("group", group));
    line.put("at", System.currentTimeMillis());
    return line;
  }

  private static Message messageOf(JsonObject r) {
    MessageBuilder message = PROVIDER.newMessageBuilder().setTopic(text(r, "topic"))
        .setBody(text(r, "body").getBytes(StandardCharsets.UTF_8));
    if (r.has("tag")) message.setTag(text(r, "tag"));
    if (r.has("keys")) message.setKeys(GSON.fromJson(r.get("keys"), String[].class));
    if (r.has("properties")) {
      r.getAsJsonObject("properties").entrySet()
          .forEach(one -> message.addProperty(one.getKey(), one.getValue().getAsString()));
    }
    if (r.has("group")) message.setMessageGroup(text(r, "group"));
    if (r.has("deliverAt")) message.setDeliveryTimestamp(r.get("deliverAt").getAsLong());
    if (r.has("priority")) message.setPriority(r.get("priority").getAsInt());
    return message.build();
  }

  private static String text(JsonObject r, String field) {
    return r.get(field).getAsString();
  }

  private static Map<String, FilterExpression> filters(JsonObject r) {
    boolean sql = r.has("sql") && r.get("sql").getAsBoolean();
    FilterExpressionType type = sql ? FilterExpressionType.SQL92 : FilterExpressionType.TAG;
    return Map.of(text(r, "topic"), new FilterExpression(text(r, "expression"), type));
  }

  private static int number(MessageView message, String property) {
    return Integer.parseInt(message.getProperties().getOrDefault(property, "0"));
  }

  private static Map<String, Object> perform(JsonObject r) throws Exception {
    switch (text(r, "op")) {
      case "producer" -> startProducer(r);
      case "send" -> {
        SendReceipt receipt = producer(r).send(messageOf(r));
        return Map.of("id", receipt.getMessageId().toString(), "handle", String.valueOf(receipt.getRecallHandle()));
      }
      case "transaction" -> {
        return transaction(r);
      }
      case "recall" -> {
        String id = producer(r).recallMessage(text(r, "topic"), text(r, "handle")).getMessageId().toString();
        return Map.of("id", id);
      }
      case "simple" -> CLIENTS.put(text(r, "name"), PROVIDER.newSimpleConsumerBuilder()
          .setClientConfiguration(configuration).setConsumerGroup(text(r, "group"))
          .setAwaitDuration(Duration.ofMillis(r.get("awaitMs").getAsLong()))
          .setSubscriptionExpressions(filters(r)).build());
      case "receive" -> {
        return receive(r);
      }
      case "ack" -> {
        Held held = MESSAGES.get(r.get("ref").getAsLong());
        held.consumer.ack(held.message);
        MESSAGES.remove(r.get("ref").getAsLong());
      }
      case "change" -> {
        Held held = MESSAGES.get(r.get("ref").getAsLong());
        held.consumer.changeInvisibleDuration(held.message, Duration.ofMillis(r.get("invisibleMs").getAsLong()));
      }
      case "push" -> startPush(r);
      case "stop" -> CLIENTS.remove(text(r, "name")).close();
      default -> throw new IllegalArgumentException("there is no operation " + text(r, "op"));
    }
    return Map.of();
  }

  private static Producer producer(JsonObject r) {
    return (Producer) CLIENTS.get(text(r, "producer"));
  }

  private static void startProducer(JsonObject r) throws Exception {
    String name = text(r, "name");
    var builder = PROVIDER.newProducerBuilder().setClientConfiguration(configuration)
        .setTopics(GSON.fromJson(r.get("topics"), String[].class));
    if (r.has("check")) {
      TransactionResolution answer = TransactionResolution.valueOf(text(r, "check").toUpperCase());
      builder.setTransactionChecker(message -> {
        Map<String, Object> line = told(message);
        line.put("event", "check");
        line.put("producer", name);
        say(line);
        return answer;
      });
    }
    CLIENTS.put(name, builder.build());
  }

  private static Map<String, Object> transaction(JsonObject r) throws Exception {
    Transaction transaction = producer(r).beginTransaction();
    SendReceipt receipt = producer(r).send(messageOf(r), transaction);
    if (text(r, "end").equals("commit")) transaction.commit();
    if (text(r, "end").equals("rollback")) transaction.rollback();
    return Map.of("id", receipt.getMessageId().toString());
  }

  private static Map<String, Object> receive(JsonObject r) throws Exception {
    SimpleConsumer consumer = (SimpleConsumer) CLIENTS.get(text(r, "consumer"));
    List<Map<String, Object>> lines = new ArrayList<>();
    Duration invisible = Duration.ofMillis(r.get("invisibleMs").getAsLong());
    for (MessageView message : consumer.receive(r.get("max").getAsInt(), invisible)) {
      long ref = NEXT_REF.getAndIncrement();
      MESSAGES.put(ref, new Held(message, consumer));
      Map<String, Object> line = told(message);
      line.put("ref", ref);
      lines.add(line);
    }
    return Map.of("messages", lines);
  }

  private static void startPush(JsonObject r) throws Exception {
    String name = text(r, "name");
    Map<String, Integer> deliveries = new ConcurrentHashMap<>();
    CLIENTS.put(name, PROVIDER.newPushConsumerBuilder().setClientConfiguration(configuration)
        .setConsumerGroup(text(r, "group")).setSubscriptionExpressions(filters(r))
        .setMessageListener(message -> {
          Map<String, Object> line = told(message);
          line.put("event", "message");
          line.put("consumer", name);
          say(line);
          pause(number(message, "slow"));
          int times = deliveries.merge(message.getMessageId().toString(), 1, Integer::sum);
          boolean fails = times <= number(message, "fail");
          return fails ? ConsumeResult.FAILURE : ConsumeResult.SUCCESS;
        }).build());
  }

  private static void pause(int ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(JsonObject r) {
    long n = r.get("n").getAsLong();
    try {
      say(Map.of("n", n, "ok", perform(r)));
    } catch (Throwable error) {
      say(Map.of("n", n, "error", String.valueOf(error)));
    }
  }

  public static void main(String[] arguments) throws Exception {
    configuration = ClientConfiguration.newBuilder().setEndpoints(arguments[0])
        .enableSsl(arguments[1].equals("on")).build();
    say(Map.of("event", "hello"));
    ExecutorService threads = Executors.newCachedThreadPool();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonObject request = JsonParser.parseString(line).getAsJsonObject();
      threads.execute(() -> answer(request));
    }
    Runtime.getRuntime().halt(0);
  }
}
