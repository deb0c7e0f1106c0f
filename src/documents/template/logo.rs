//! A logo as every document carries it: plain pixels on white, no more of them than its printed size shows.

use std::hash::{Hash, Hasher};
use std::io::{Cursor, Write as _};
use std::sync::Arc;

use krilla::image::{BitsPerComponent, CustomImage, Image, ImageColorspace};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::geometry::Length;

const FILE_BYTES: usize = 512 * 1024;
/// Pixels along a side, looked at before anything is decoded.
const SIDE: usize = 3000;
/// What a logo may add to each document.
const PACKED_BYTES: usize = 48 * 1024;
/// Printed resolutions from the best, in pixels an inch.
const RESOLUTIONS: [usize; 3] = [300, 220, 150];
/// In millimetres.
const HEIGHT: usize = 18;

/// A logo ready to print.
#[derive(Debug, Clone)]
pub struct Logo {
    pub image: Image,
    width: usize,
    height: usize,
}

/// Rows of red, green, blue.
#[derive(Clone)]
pub struct Pixels {
    width: usize,
    height: usize,
    rgb: Arc<Vec<u8>>,
}

impl Logo {
    /// Printed width and height for a width in millimetres.
    pub fn printed(&self, millimetres: u16) -> (Length, Length) {
        printed(self.width, self.height, millimetres)
    }

    /// # Errors
    /// Pixels that make every document too large.
    pub fn new(pixels: &Pixels, millimetres: u16) -> Result<Self, String> {
        let (width, _) = printed(pixels.width, pixels.height, millimetres);
        let mut packed = 0;
        for resolution in RESOLUTIONS {
            let across = usize::try_from(width).unwrap_or(0) * resolution / 72_000;
            let small = pixels.narrowed(across.max(1));
            packed = small.packed();
            if packed <= PACKED_BYTES {
                // PDF/A allows no interpolation.
                let image = Image::from_custom(small, false)?;
                return Ok(Self { image, width: pixels.width, height: pixels.height });
            }
        }
        let (packed, most) = (packed / 1024, PACKED_BYTES / 1024);
        Err(format!("the logo takes {packed} KiB in each document, more than {most}: make it narrower (logo_width) or plainer"))
    }
}

fn printed(width: usize, height: usize, millimetres: u16) -> (Length, Length) {
    let (width, height, wanted) = (width.max(1), height.max(1), usize::from(millimetres));
    // Thousandths of a point in so many millimetres: 72 000 / 25.4.
    let length = |millimetres: usize, part: usize, whole: usize| {
        Length::try_from(millimetres * 720_000 * part / (254 * whole)).unwrap_or(0).max(1)
    };
    if wanted * height > HEIGHT * width {
        return (length(HEIGHT, width, height), length(HEIGHT, 1, 1));
    }
    (length(wanted, 1, 1), length(wanted, height, width))
}

/// A PNG or JPEG file decoded on white.
///
/// # Errors
/// What is no picture or too large, before it is decoded.
pub fn decode(file: &[u8]) -> Result<Pixels, String> {
    if file.len() > FILE_BYTES {
        return Err(format!("the picture's file has {} KiB; at most {}", file.len() / 1024, FILE_BYTES / 1024));
    }
    if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        return png(file);
    }
    if file.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return jpeg(file);
    }
    Err("this is neither PNG nor JPEG".to_owned())
}

fn bounded(width: usize, height: usize) -> Result<(), String> {
    if width == 0 || height == 0 || width > SIDE || height > SIDE {
        return Err(format!("the picture has {width} × {height} pixels; at most {SIDE} × {SIDE}"));
    }
    Ok(())
}

fn png(file: &[u8]) -> Result<Pixels, String> {
    let broken = |error: png::DecodingError| format!("the PNG cannot be read: {error}");
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_limits(png::Limits { bytes: SIDE * SIDE * 8 });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = reader.info().size();
    let (width, height) = (usize::try_from(width).unwrap_or(usize::MAX), usize::try_from(height).unwrap_or(usize::MAX));
    bounded(width, height)?;
    let mut data = vec![0; reader.output_buffer_size().ok_or("the PNG is too large")?];
    let frame = reader.next_frame(&mut data).map_err(broken)?;
    let channels = frame.color_type.samples();
    let on_white = |part: u8, alpha: u8| {
        let (part, alpha) = (u32::from(part), u32::from(alpha));
        u8::try_from((part * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    };
    let pixel = |pixel: &[u8]| match *pixel {
        [grey] => [grey; 3],
        [grey, alpha] => [on_white(grey, alpha); 3],
        [red, green, blue, alpha] => [red, green, blue].map(|part| on_white(part, alpha)),
        [red, green, blue] => [red, green, blue],
        _ => [u8::MAX; 3],
    };
    let rgb: Vec<u8> = data.chunks_exact(channels.max(1)).take(width * height).flat_map(pixel).collect();
    whole(width, height, rgb)
}

fn jpeg(file: &[u8]) -> Result<Pixels, String> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB).set_max_width(SIDE).set_max_height(SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let broken = |error: zune_jpeg::errors::DecodeErrors| format!("the JPEG cannot be read: {error}");
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().ok_or("the JPEG does not say its size")?;
    bounded(width, height)?;
    let rgb = decoder.decode().map_err(broken)?;
    whole(width, height, rgb)
}

fn whole(width: usize, height: usize, rgb: Vec<u8>) -> Result<Pixels, String> {
    if rgb.len() != width * height * 3 {
        return Err("the picture is not whole".to_owned());
    }
    Ok(Pixels { width, height, rgb: Arc::new(rgb) })
}

impl Pixels {
    /// At most `across` pixels wide, each the mean of those it covers.
    fn narrowed(&self, across: usize) -> Self {
        if across >= self.width {
            return self.clone();
        }
        let down = (self.height * across / self.width).max(1);
        let mut rgb = Vec::with_capacity(across * down * 3);
        for y in 0..down {
            let rows = y * self.height / down..((y + 1) * self.height / down).max(y * self.height / down + 1);
            for x in 0..across {
                let columns = x * self.width / across..(x + 1) * self.width / across;
                let mut sums = [0_usize; 3];
                for row in rows.clone() {
                    let begin = (row * self.width + columns.start) * 3;
                    let pixels = self.rgb.get(begin..begin + columns.len() * 3).unwrap_or_default();
                    for pixel in pixels.chunks_exact(3) {
                        sums.iter_mut().zip(pixel).for_each(|(sum, part)| *sum += usize::from(*part));
                    }
                }
                let count = (rows.len() * columns.len()).max(1);
                rgb.extend(sums.map(|sum| u8::try_from(sum / count).unwrap_or(u8::MAX)));
            }
        }
        Self { width: across, height: down, rgb: Arc::new(rgb) }
    }

    /// Bytes it takes in a file.
    fn packed(&self) -> usize {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        let written = encoder.write_all(&self.rgb).and_then(|()| encoder.finish());
        written.map_or(usize::MAX, |packed| packed.len())
    }
}

impl Hash for Pixels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.width, self.height, &self.rgb).hash(state);
    }
}

impl CustomImage for Pixels {
    fn color_channel(&self) -> &[u8] {
        &self.rgb
    }

    fn alpha_channel(&self) -> Option<&[u8]> {
        None
    }

    fn bits_per_component(&self) -> BitsPerComponent {
        BitsPerComponent::Eight
    }

    fn size(&self) -> (u32, u32) {
        (u32::try_from(self.width).unwrap_or(0), u32::try_from(self.height).unwrap_or(0))
    }

    fn icc_profile(&self) -> Option<&[u8]> {
        None
    }

    fn color_space(&self) -> ImageColorspace {
        ImageColorspace::Rgb
    }
}
