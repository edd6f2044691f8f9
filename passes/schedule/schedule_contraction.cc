// Matrix products and convolutions.
//
//   naive   parallel %d0 in 0..M { parallel %d1 in 0..N { for %k in 0..K { fma } store } }
//   after   parallel %p in 0..panels * row blocks {
//             for %k in 0..K { fma of a tile } store of a tile }
//
// Panels are outermost, so that one stays in cache while the row blocks pass by; their product is
// one parallel loop, which gives threads enough pieces for any shape. The chain over k is kept as
// it is: tiles cut only the outputs.
#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/status.h"
#include "passes/schedule/cpu_schedules.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/tile_choice.h"

namespace cermet::schedule {
namespace {

constexpr int64_t kAccumulators = 8;  // independent chains that hide the latency of an FMA
constexpr int64_t kFewRows = 48;      // a multiple of so many is not short
constexpr int64_t kManyRows = 256;    // from here on, contiguous data of the run are worth packing

// The loops over rows of the product: all but the last one, except those that a load which varies
// with the columns depends on.
LoopSet RowsOf(const Nest& nest) {
  LoopSet rows = nest.last() - 1;
  for (const NestLoad& load : nest.loads) {
    if (load.in_serial && (load.any & nest.last()) != 0) rows &= ~load.any;
  }
  return rows;
}

struct RightOperand {
  int32_t buffer = -1;
  int64_t dim = 0;        // that varies with the columns
  bool is_exact = false;  // by the column's own index
  bool is_last = false;   // the dim is contiguous
};

// The loads that vary with the columns, one per buffer, where packing can apply: one varying dim,
// one load of the buffer.
std::vector<RightOperand> RightOperands(const Nest& nest, const kernel::Kernel& kernel) {
  std::vector<RightOperand> result;
  for (const NestLoad& load : nest.loads) {
    if (!load.in_serial || (load.any & nest.last()) == 0) continue;
    const kernel::Buffer& buffer = kernel.buffers[load.buffer];
    if (buffer.space != kernel::MemorySpace::kGlobal || buffer.access != kernel::Access::kIn ||
        buffer.packing)
      continue;
    const auto same =
        std::count_if(nest.loads.begin(), nest.loads.end(),
                      [&](const NestLoad& other) { return other.buffer == load.buffer; });
    RightOperand operand{load.buffer, -1, false, false};
    int64_t varying = 0;
    for (size_t d = 0; d < load.depends.size(); ++d) {
      if ((load.depends[d] & nest.last()) == 0) continue;
      ++varying;
      operand.dim = static_cast<int64_t>(d);
      operand.is_exact = load.exact[d] && load.depends[d] == nest.last();
      operand.is_last = d + 1 == load.depends.size();
    }
    if (varying == 1 && same == 1) result.push_back(operand);
  }
  return result;
}

std::optional<int64_t> Product(const Nest& nest, LoopSet set) {
  int64_t product = 1;
  for (size_t i = 0; i < nest.loops.size(); ++i) {
    if ((set >> i & 1) == 0) continue;
    if (!nest.loops[i].extent) return std::nullopt;
    product *= *nest.loops[i].extent;
  }
  return product;
}

// Moves the loops of `rows` down, next to the last loop, keeping the order in each group. Returns
// the names in the new order.
absl::StatusOr<std::vector<std::string>> SortLoops(const Nest& nest, LoopSet rows,
                                                   Rewrites* rewrites) {
  std::vector<std::pair<bool, std::string>> order;
  for (size_t i = 0; i + 1 < nest.loops.size(); ++i)
    order.push_back({(rows >> i & 1) != 0, nest.loops[i].name});
  for (size_t pass = 0; pass < order.size(); ++pass) {
    for (size_t i = 0; i + 1 < order.size(); ++i) {
      if (!order[i].first || order[i + 1].first) continue;
      CERMET_RETURN_IF_ERROR(rewrites->Interchange(order[i].second, order[i + 1].second));
      std::swap(order[i], order[i + 1]);
    }
  }
  std::vector<std::string> names;
  for (auto& [is_row, name] : order) names.push_back(name);
  return names;
}

// Whether the loop may run only a few times: its extent is symbolic and not a multiple of a larger
// number, such as 49*?batch.
bool MayBeShort(kernel::Kernel* kernel, const std::string& loop) {
  absl::StatusOr<LoopRef> place = FindLoop(kernel, loop);
  if (!place.ok()) return false;
  const IndexAnalysis analysis = IndexAnalysis::OfKernel(kernel);
  const Polynomial extent = analysis.Value(place->inst().operands[1]);
  int64_t divisor = extent.constant();
  for (const Polynomial::Term& term : extent.terms()) divisor = std::gcd(divisor, term.coefficient);
  return !extent.IsConstant() && divisor < kFewRows;
}

// Cuts the rows in blocks and makes tiles of them and the columns. Where rows may be few, an
// incomplete block takes smaller tiles.
absl::Status TileRows(const CpuScheduleContext& context, const Nest& nest, const std::string& row,
                      const std::string& column, const TileChoice& tile, Rewrites* rewrites) {
  const Tail repeat = nest.updates_in_place ? Tail::kShorten : Tail::kClamp;
  const int64_t vectors = (tile.columns + context.lanes - 1) / context.lanes;
  const int64_t few = std::max<int64_t>(1, kAccumulators / vectors);
  if (tile.rows <= few || !MayBeShort(rewrites->kernel(), row)) {
    CERMET_ASSIGN_OR_RETURN(SplitLoops rows, rewrites->Split(row, tile.rows, repeat));
    return rewrites->Tile({rows.inner, column});
  }
  CERMET_ASSIGN_OR_RETURN(SplitLoops rows, rewrites->Split(row, tile.rows, Tail::kBranch));
  CERMET_RETURN_IF_ERROR(rewrites->Tile({rows.inner, column}));
  CERMET_ASSIGN_OR_RETURN(LoopRef tail, FindLoop(rewrites->kernel(), rows.tail));
  std::optional<LoopRef> tail_column = OnlyLoop(&tail.body());
  if (!tail_column) return absl::UnimplementedError("a row's columns are not one loop");
  const std::string tail_column_name = tail_column->inst().iv_name;
  CERMET_ASSIGN_OR_RETURN(SplitLoops tail_rows, rewrites->Split(rows.tail, few, repeat));
  return rewrites->Tile({tail_rows.inner, tail_column_name});
}

}  // namespace

bool IsContraction(const Nest& nest) {
  if (nest.loops.empty() || !nest.has_serial_loops) return false;
  const LoopSet rows = RowsOf(nest);
  bool left = false, right = false;
  for (const NestLoad& load : nest.loads) {
    if (!load.in_serial) continue;
    if ((load.any & nest.last()) != 0) right = true;
    if ((load.any & nest.last()) == 0) left = true;
  }
  return left && right && (rows != 0 || nest.loops.size() == 1);
}

absl::Status ScheduleContraction(const CpuScheduleContext& context, const Nest& nest,
                                 Rewrites* rewrites) {
  const LoopSet row_set = RowsOf(nest);
  const std::string column = nest.loops.back().name;
  CERMET_ASSIGN_OR_RETURN(std::vector<std::string> order, SortLoops(nest, row_set, rewrites));

  // All row loops become one. Where the dims they index do not merge and whole tiles fit the
  // innermost one, it stays as it is.
  size_t num_rows = 0;
  for (size_t i = 0; i < nest.loops.size(); ++i) num_rows += row_set >> i & 1;
  std::optional<int64_t> row_extent = Product(nest, row_set);
  std::string row;
  if (num_rows > 0) {
    row = order.back();
    std::optional<int64_t> inner_extent;
    for (const NestLoop& loop : nest.loops) {
      if (loop.name == row) inner_extent = loop.extent;
    }
    for (; num_rows > 1; --num_rows) {
      const std::string outer = order[order.size() - 2];
      if (!rewrites->CollapseAndMerge(outer, row)) {
        const TileChoice whole = ChooseContractionTile(inner_extent, nest.loops.back().extent,
                                                       context.lanes, *context.target);
        if (inner_extent && *inner_extent >= 2 * whole.rows && *inner_extent % whole.rows == 0) {
          row_extent = inner_extent;
          break;
        }
        CERMET_RETURN_IF_ERROR(rewrites->Collapse(outer, row));
      }
      if (inner_extent) {
        for (const NestLoop& loop : nest.loops) {
          if (loop.name == outer)
            inner_extent =
                loop.extent ? std::optional<int64_t>(*inner_extent * *loop.extent) : std::nullopt;
        }
      }
      order.pop_back();
      row = outer;
    }
  }
  TileChoice tile =
      ChooseContractionTile(row_extent, nest.loops.back().extent, context.lanes, *context.target);
  if (context.options->tile_rows > 0) tile.rows = context.options->tile_rows;
  if (context.options->tile_columns > 0) tile.columns = context.options->tile_columns;

  std::vector<std::string> packed;
  for (const RightOperand& operand : RightOperands(nest, *rewrites->kernel())) {
    if (!operand.is_exact) continue;
    const bool constant = context.options->IsConstant(operand.buffer);
    if (operand.is_last && !constant && row_extent.value_or(0) < kManyRows) continue;
    CERMET_RETURN_IF_ERROR(rewrites->Pack(
        std::string(rewrites->kernel()->buffers[operand.buffer].name), operand.dim, tile.columns));
  }

  CERMET_ASSIGN_OR_RETURN(SplitLoops columns,
                          rewrites->Split(column, tile.columns, Tail::kShorten));
  if (row.empty() || !rewrites->Exists(row)) {
    CERMET_RETURN_IF_ERROR(rewrites->Tile({columns.inner}));
  } else {
    CERMET_RETURN_IF_ERROR(rewrites->Interchange(row, columns.outer));
    CERMET_RETURN_IF_ERROR(TileRows(context, nest, row, columns.inner, tile, rewrites));
  }
  return CollapseTop(rewrites, 64);
}

}  // namespace cermet::schedule
