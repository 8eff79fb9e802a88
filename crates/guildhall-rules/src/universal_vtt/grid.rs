//! The map's grid: what walls, doors, lights and the image are measured against.

/// The map's grid, in cells.
#[derive(Clone, Copy, Default)]
pub(super) struct Grid {
    pub origin: (f64, f64),
    pub size: (f64, f64),
    pub pixels_per_grid: f64,
}

impl Grid {
    /// How far a point lies outside, in cells. Some exporters count from the origin, some from the
    /// picture's corner, so a point is outside only when it is by both.
    pub fn distance(&self, (x, y): (f64, f64)) -> f64 {
        let beyond = |at: f64, origin: f64, size: f64| {
            let (low, high) = (origin.min(0.0), (origin + size).max(size));
            (low - at).max(at - high).max(0.0)
        };
        beyond(x, self.origin.0, self.size.0).max(beyond(y, self.origin.1, self.size.1))
    }
}
