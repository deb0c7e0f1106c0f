//! Trusted lists made up here and signed by xmlsec1, a program we did not write.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod dstu;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod world;
