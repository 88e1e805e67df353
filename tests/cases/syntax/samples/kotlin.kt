package shop

import kotlin.math.max
import shop.stock.Stock as Store
import shop.errors.*

const val MAX_LINES = 100

typealias Cents = Long

data class Line(val name: String, val price: Cents, val count: Int = 1)

/**
 * One order of one customer.
 */
open class Order(val customer: String, private val lines: List<Line>) : Base(customer), Reservable {
    var state: State = State.OPEN
        private set

    val total: Cents
        get() = lines.sumOf { it.price * it.count }

    override suspend fun reserve(
        stock: Store,
        retries: Int,
    ): Boolean {
        repeat(retries) { attempt ->
            try {
                return stock.reserve(lines)
            } catch (error: OutOfStock) {
                println("attempt $attempt: ${error.message}")
            }
        }
        return false
    }

    companion object {
        fun empty() = Order("nobody", emptyList())
    }
}

interface Reservable {
    suspend fun reserve(stock: Store, retries: Int = 3): Boolean
}

enum class State { OPEN, PAID }

object Registry {
    private val orders = mutableListOf<Order>()

    fun add(order: Order) {
        orders += order
    }
}

fun <T> List<T>.second(): T = this[1]

fun main() {
    val text = """
        a "raw" string
    """.trimIndent()
    when (text.length) {
        0 -> println("empty")
        else -> println(max(text.length, 1))
    }
}
