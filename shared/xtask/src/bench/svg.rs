//! Growth curves as pictures.

use std::fmt::Write as _;

use serde::Serialize;

use super::figures::Spread;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 230.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 45.0;
/// Told apart by those who see no red or green, too.
const COLOURS: [&str; 6] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];

/// What a figure is at several sizes.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// In the legend.
    pub name: &'static str,
    /// Sizes and figures.
    pub points: Vec<(u64, Spread)>,
}

impl Curve {
    /// In a line.
    pub fn text(&self) -> String {
        let point = |(size, spread): &(u64, Spread)| format!("{size}: {}", spread.text(0));
        self.points.iter().map(point).collect::<Vec<_>>().join(", ")
    }
}

/// A picture whose x axis is logarithmic; bars show the least and the most. `None` without at least two sizes.
pub fn draw(title: &str, x_name: &str, y_name: &str, curves: &[Curve]) -> Option<String> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let (first, last) = (points().map(|(size, _)| *size).min()?, points().map(|(size, _)| *size).max()?);
    if first == 0 || first == last {
        return None;
    }
    let most = points().map(|(_, spread)| spread.max).fold(f64::MIN_POSITIVE, f64::max) * 1.05;
    let scale = (last as f64 / first as f64).ln();
    let x = |size: u64| LEFT + (size as f64 / first as f64).ln() / scale * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{LEFT}\" y=\"20\" font-size=\"15\">{title}</text>\n"
    );
    for step in 0..=4 {
        let value = most / 4.0 * f64::from(step);
        let _ = writeln!(svg, "<path d=\"M{LEFT} {0:.1}H{1}\" stroke=\"#ddd\"/>", y(value), WIDTH - RIGHT);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}</text>", LEFT - 6.0, y(value) + 4.0);
    }
    let mut sizes: Vec<u64> = points().map(|(size, _)| *size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for size in sizes {
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{size}</text>", x(size), HEIGHT - BOTTOM + 18.0);
    }
    let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
    let _ = writeln!(svg, "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{x_name}</text>", HEIGHT - 8.0);
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">{y_name}</text>", TOP - 6.0);
    for ((number, curve), colour) in curves.iter().enumerate().zip(COLOURS.iter().cycle()) {
        let line: Vec<String> =
            curve.points.iter().map(|(size, spread)| format!("{:.1},{:.1}", x(*size), y(spread.median))).collect();
        let _ = writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>", line.join(" "));
        for (size, spread) in &curve.points {
            let _ =
                writeln!(svg, "<path d=\"M{0:.1} {1:.1}V{2:.1}\" stroke=\"{colour}\"/>", x(*size), y(spread.min), y(spread.max));
        }
        let (at, row) = (WIDTH - RIGHT + 14.0, TOP + 12.0 + number as f64 * 18.0);
        let _ = writeln!(svg, "<text x=\"{at}\" y=\"{row}\" fill=\"{colour}\">{}</text>", curve.name);
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_from_the_least_size_to_the_most() {
        let at = |median| Spread { median, min: median - 1.0, max: median + 1.0 };
        let curve = Curve { name: "GetPlan", points: vec![(10, at(20.0)), (1_000, at(40.0))] };
        assert_eq!(curve.text(), "10: 20 (19-21), 1000: 40 (39-41)");
        let svg = draw("CPU", "families", "us", std::slice::from_ref(&curve)).unwrap();
        assert!(svg.contains("points=\"60.0,") && svg.contains(" 530.0,"), "{svg}");
        assert!(svg.ends_with("</svg>\n"));
        assert_eq!(draw("CPU", "families", "us", &[Curve { name: "x", points: vec![(10, at(1.0))] }]), None);
    }
}
