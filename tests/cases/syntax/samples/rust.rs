//! Orders of a shop.

use std::collections::HashMap;
use std::{fmt, io::{self, Read as _}};
use crate::stock::Stock as Store;

pub mod money;

pub const MAX_LINES: usize = 100;
static NAME: &str = "shop";

/// One line of an order.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    pub name: &'a str,
    pub price: u64,
}

pub enum State {
    Open,
    Paid { at: u64 },
}

pub trait Reserve {
    fn reserve(&self, stock: &Store) -> bool;

    fn twice(&self, stock: &Store) -> bool {
        self.reserve(stock) && self.reserve(stock)
    }
}

pub struct Order<'a> {
    lines: Vec<Line<'a>>,
}

impl<'a> Reserve for Order<'a> {
    fn reserve(&self, stock: &Store) -> bool {
        self.lines.iter().all(|line| stock.has(line.name))
    }
}

impl<'a> Order<'a> {
    /// Sum of all lines.
    #[inline]
    pub fn total<F>(
        &self,
        price: F,
    ) -> u64
    where
        F: Fn(&Line) -> u64,
    {
        let mut total = 0;
        for line in &self.lines {
            total += match price(line) {
                0 => continue,
                value => value,
            };
        }
        total
    }
}

macro_rules! order {
    ($($name:expr),*) => { vec![$($name),*] };
}

type Orders = HashMap<String, u64>;

fn main() {
    let text = r#"a "raw" string"#;
    println!("{} {}", text, 'c');
}
