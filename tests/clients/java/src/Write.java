import java.io.FileWriter;
import java.util.function.Consumer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.data.redis.core.StringRedisTemplate;

/** java Write CLIENT FILE: writes one key after the other; FILE gets a line for each that was acknowledged: the key, and when (ms). */
class Write {
    public static void main(String[] args) throws Exception {
        var name = args[0];
        Consumer<String> write = switch (name) {
            case "jedis" -> {
                var redis = JedisClient.connect();
                yield key -> redis.set(key, key);
            }
            case "lettuce" -> {
                var redis = LettuceClient.connect().sync();
                yield key -> redis.set(key, key);
            }
            case "spring" -> {
                var redis = new AnnotationConfigApplicationContext(SpringConfiguration.class).getBean(StringRedisTemplate.class);
                yield key -> redis.opsForValue().set(key, key);
            }
            default -> throw new IllegalArgumentException(name);
        };
        try (var acknowledged = new FileWriter(args[1], true)) {
            for (var index = 1;; index++) {
                var key = name + ":" + index;
                try {
                    write.accept(key);
                } catch (RuntimeException error) {
                    System.err.println(error);
                    Thread.sleep(50);
                    continue;
                }
                acknowledged.write(key + " " + System.currentTimeMillis() + "\n");
                acknowledged.flush();
                Thread.sleep(20);
            }
        }
    }
}
