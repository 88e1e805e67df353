package shop

import scala.collection.mutable
import shop.stock.{Stock, reserve => reserveStock}
import shop.errors._

case class Line(name: String, price: Long, count: Int = 1)

sealed trait State
case object Open extends State

trait Reservable {
  def reserve(stock: Stock, retries: Int): Boolean
}

/** One order of one customer. */
class Order(val customer: String, lines: List[Line]) extends Base(customer) with Reservable {
  private var attempts = 0
  val currency: String = "EUR"

  def total: Long = lines.map(line => line.price * line.count).sum

  override def reserve(
      stock: Stock,
      retries: Int = 3
  ): Boolean = {
    for (attempt <- 0 until retries) {
      try {
        return reserveStock(stock, lines)
      } catch {
        case error: OutOfStock =>
          println(s"attempt $attempt: ${error.getMessage}")
      }
    }
    false
  }
}

object Order {
  val MaxLines = 100
  type Cents = Long

  def empty(): Order = new Order("nobody", Nil)

  def load(path: String): Iterator[Order] = {
    val file = scala.io.Source.fromFile(path)
    file.getLines().map { text =>
      new Order(text, Nil)
    }
  }
}

object Main extends App {
  Order.total match {
    case 0 => println("empty")
    case n => println("""a "raw" string""" + n)
  }
}
