<?php

declare(strict_types=1);

namespace Shop;

use Shop\Stock\Stock;
use Shop\Errors\{OutOfStock, Closed as ShopClosed};
use function Shop\log;

require_once __DIR__ . '/bootstrap.php';

const MAX_LINES = 100;

interface Reservable
{
    public function reserve(Stock $stock, int $retries): bool;
}

/**
 * One order of one customer.
 */
final class Order extends Base implements Reservable
{
    use Loggable;

    private const CURRENCY = 'EUR';

    public function __construct(
        private string $customer,
        private array $lines = [],
    ) {
    }

    /** Sum of all lines. */
    public function total(): int
    {
        $total = 0;
        foreach ($this->lines as $line) {
            $total += $line->price;
        }
        return $total;
    }

    public function reserve(Stock $stock, int $retries = 3): bool
    {
        try {
            return $stock->reserve($this->lines);
        } catch (OutOfStock $error) {
            log("attempt {$retries}: {$error->getMessage()}");
        }
        return false;
    }
}

trait Loggable
{
    protected function log(string $message): void
    {
        echo $message, "\n";
    }
}

enum State: string
{
    case Open = 'open';
    case Paid = 'paid';
}

function load(string $path): array
{
    $parse = function (string $text) use ($path) {
        return json_decode($text, true);
    };
    return array_map(fn ($text) => $parse($text), file($path));
}
?>
<h1>It's <?= htmlspecialchars("done") ?></h1>
