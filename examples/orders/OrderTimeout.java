import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.apis.ClientConfiguration;
import org.apache.rocketmq.client.apis.ClientServiceProvider;
import org.apache.rocketmq.client.apis.consumer.ConsumeResult;
import org.apache.rocketmq.client.apis.consumer.FilterExpression;
import org.apache.rocketmq.client.apis.message.MessageView;

/**
 * An order that is not paid in time is cancelled by a delayed message, in Java; the same in Node is
 * order-timeout.mjs, which says more. With rocketmq-client-java 5.2.0 on the class path, prepare once:
 *
 *   dledger-cli topic create order-timeouts-java --type DELAY
 *   java -cp rocketmq-client-java-5.2.0.jar examples/orders/OrderTimeout.java localhost:8081
 */
public final class OrderTimeout {
  private static final String TOPIC = "order-timeouts-java";
  private static final Duration PAY_WITHIN = Duration.ofSeconds(4);
  /** The database of this example: the state of each order. */
  private static final Map<String, String> ORDERS = new ConcurrentHashMap<>();

  private static ConsumeResult timeIsOver(MessageView message) {
    String id = StandardCharsets.UTF_8.decode(message.getBody()).toString();
    // Safe to repeat: only an open order changes.
    ORDERS.replace(id, "open", "cancelled");
    System.out.println(id + ": time is over, " + ORDERS.getOrDefault(id, "unknown here"));
    return ConsumeResult.SUCCESS;
  }

  public static void main(String[] arguments) throws Exception {
    String endpoints = arguments.length > 0 ? arguments[0] : "localhost:8081";
    ClientServiceProvider provider = ClientServiceProvider.loadService();
    ClientConfiguration configuration =
        ClientConfiguration.newBuilder().setEndpoints(endpoints).enableSsl(false).build();
    var consumer = provider.newPushConsumerBuilder().setClientConfiguration(configuration)
        .setConsumerGroup("order-timeout-service-java")
        .setSubscriptionExpressions(Map.of(TOPIC, FilterExpression.SUB_ALL))
        .setMessageListener(OrderTimeout::timeIsOver).build();
    var producer = provider.newProducerBuilder().setClientConfiguration(configuration).setTopics(TOPIC).build();

    String id = "order-" + System.currentTimeMillis();
    ORDERS.put(id, "open");
    producer.send(provider.newMessageBuilder().setTopic(TOPIC).setBody(id.getBytes(StandardCharsets.UTF_8))
        .setDeliveryTimestamp(System.currentTimeMillis() + PAY_WITHIN.toMillis()).build());

    for (int tenths = 0; tenths < 300 && ORDERS.get(id).equals("open"); tenths++) Thread.sleep(100);
    consumer.close();
    producer.close();
    System.out.println(id + ": " + ORDERS.get(id));
    System.exit(ORDERS.get(id).equals("cancelled") ? 0 : 1);
  }
}
