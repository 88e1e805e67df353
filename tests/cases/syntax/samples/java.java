package shop;

import java.util.List;
import java.util.concurrent.*;
import static java.util.stream.Collectors.toList;

/**
 * One order of one customer.
 */
public class Order extends Base implements Reservable<Line> {
    private static final int MAX_LINES = 100;
    private final List<Line> lines;

    public Order(String customer, List<Line> lines) {
        super(customer);
        this.lines = lines;
    }

    /** Sum of all lines. */
    @Override
    @SuppressWarnings("unchecked")
    public long total() {
        long total = 0;
        for (Line line : lines) {
            total += line.price() * line.count();
        }
        return total;
    }

    public <T extends Comparable<T>> boolean reserve(
            Stock stock,
            int retries) throws OutOfStock {
        Runnable pause = () -> {
            System.out.println("pause " + retries);
        };
        try {
            return stock.reserve(lines);
        } catch (OutOfStock error) {
            pause.run();
            throw error;
        }
    }

    enum State { OPEN, PAID }

    record Line(String name, long price, int count) {}

    interface Reservable<T> {
        boolean reserve(Stock stock, int retries) throws OutOfStock;
    }

    @interface Audited {
        String value() default "";
    }
}
