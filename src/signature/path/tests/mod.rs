//! Paths and status by certificates, lists and answers made here, on both sides of every boundary.

mod answers;
mod attacks;
mod bounds;
mod lists;
mod policies;
mod purposes;
mod real;
mod times;
mod world;
