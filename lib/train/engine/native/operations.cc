// Operations that training here needs and TensorFlow has only as chains of passes over memory: bias with
// activation, its gradient, and layer normalisation both ways. Written against TensorFlow's stable C API for
// kernels, compiled by `taskatlas engine install` beside the vendor's binding, loaded as a Node addon of its own.
// Processor only: on a GPU the chains are used. All arrays are float32, images [n, h, w, c].
//
// Loops run over plain arrays so that the compiler can vectorise them; `CLONES` compiles each for three levels of
// instruction set and picks one when it is loaded, so an engine folder may be shared by different machines.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

namespace {

constexpr int64_t kLanes = 16;
// Sums are kept in single precision over this many numbers for each lane, then in double.
constexpr int64_t kBlock = 2048;
constexpr double kEpsilon = 1e-5;

CLONES void BiasActivation(const float* x, const float* bias, float* out, int64_t rows, int64_t c, bool relu) {
  for (int64_t r = 0; r < rows; r++) {
    const float* from = x + r * c;
    float* to = out + r * c;
    if (relu)
      for (int64_t k = 0; k < c; k++) {
        const float sum = from[k] + bias[k];
        to[k] = sum > 0 ? sum : (sum == sum ? 0.0f : sum);  // NaN stays NaN.
      }
    else
      for (int64_t k = 0; k < c; k++) to[k] = from[k] + bias[k];
  }
}

// slopes = dy where y > 0 (all of dy without an activation); sums over the rows of each block into `sums`.
CLONES void MaskedSums(const float* dy, const float* y, float* slopes, float* partial, int64_t rows, int64_t c) {
  for (int64_t r = 0; r < rows; r++) {
    const float* d = dy + r * c;
    if (y == nullptr) {
      for (int64_t k = 0; k < c; k++) partial[k] += d[k];
      continue;
    }
    const float* v = y + r * c;
    float* s = slopes + r * c;
    for (int64_t k = 0; k < c; k++) {
      const float slope = v[k] > 0 ? d[k] : 0.0f;
      s[k] = slope;
      partial[k] += slope;
    }
  }
}

CLONES void SumAndSquares(const float* x, int64_t count, float* sum, float* squares) {
  for (int64_t k = 0; k < kLanes; k++) sum[k] = squares[k] = 0;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t k = 0; k < kLanes; k++) {
      const float v = x[i + k];
      sum[k] += v;
      squares[k] += v * v;
    }
  for (; i < count; i++) {
    sum[0] += x[i];
    squares[0] += x[i] * x[i];
  }
}

// Mean and variance of one image; squares are taken around the first number, so that a large mean costs no digits.
CLONES void Shifted(const float* x, int64_t count, float shift, float* to) {
  for (int64_t i = 0; i < count; i++) to[i] = x[i] - shift;
}

void Moments(const float* x, int64_t count, double* mean, double* variance) {
  float sum[kLanes], squares[kLanes], block[kBlock];
  double total = 0, total_squares = 0;
  const float shift = x[0];
  for (int64_t from = 0; from < count; from += kBlock) {
    const int64_t size = count - from < kBlock ? count - from : kBlock;
    Shifted(x + from, size, shift, block);
    SumAndSquares(block, size, sum, squares);
    for (int64_t k = 0; k < kLanes; k++) {
      total += sum[k];
      total_squares += squares[k];
    }
  }
  const double offset = total / count;
  *mean = shift + offset;
  *variance = total_squares / count - offset * offset;
  if (*variance < 0) *variance = 0;
}

CLONES void Normalise(const float* x, const float* gain, const float* bias, float* out, int64_t rows, int64_t c,
                      float mean, float rstd, bool relu) {
  for (int64_t r = 0; r < rows; r++) {
    const float* from = x + r * c;
    float* to = out + r * c;
    for (int64_t k = 0; k < c; k++) {
      const float v = (from[k] - mean) * rstd * gain[k] + bias[k];
      to[k] = relu && v <= 0 ? 0.0f : v;
    }
  }
}

// Sums over some rows: Σ slope and Σ slope·hat for each channel, slope = dy (masked), hat = (x − mean)·rstd.
CLONES void GradientSums(const float* x, const float* y, const float* dy, float* slope_sums, float* hat_sums,
                         int64_t rows, int64_t c, float mean, float rstd, bool relu) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t at = r * c;
    for (int64_t k = 0; k < c; k++) {
      const float slope = !relu || y[at + k] > 0 ? dy[at + k] : 0.0f;
      slope_sums[k] += slope;
      hat_sums[k] += slope * ((x[at + k] - mean) * rstd);
    }
  }
}

// dx = rstd·(slope·gain − m1 − hat·m2), m1 and m2 the means of slope·gain and slope·gain·hat over the image.
CLONES void GradientInput(const float* x, const float* y, const float* dy, const float* gain, float* dx, int64_t rows,
                          int64_t c, float mean, float rstd, float m1, float m2, bool relu) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t at = r * c;
    for (int64_t k = 0; k < c; k++) {
      const float slope = !relu || y[at + k] > 0 ? dy[at + k] : 0.0f;
      const float hat = (x[at + k] - mean) * rstd;
      dx[at + k] = rstd * (slope * gain[k] - m1 - hat * m2);
    }
  }
}

// One call of a kernel: inputs and outputs as arrays, freed at its end. The first failure is reported and kept.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  bool ok() {
    if (TF_GetCode(status_) == TF_OK) return true;
    TF_OpKernelContext_Failure(context_, status_);
    return false;
  }
  void Fail(const char* message) { TF_SetStatus(status_, TF_INVALID_ARGUMENT, message); }
  TF_Tensor* Input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    if (tensor != nullptr) held_.push_back(tensor);
    return tensor;
  }
  float* Output(int index, const std::vector<int64_t>& shape) {
    int64_t size = sizeof(float);
    for (int64_t side : shape) size *= side;
    TF_Tensor* tensor = TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), shape.size(), size, status_);
    if (tensor == nullptr) return nullptr;
    held_.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> held_;
};

const float* Data(TF_Tensor* tensor) { return static_cast<const float*>(TF_TensorData(tensor)); }

std::vector<int64_t> Shape(TF_Tensor* tensor) {
  std::vector<int64_t> shape;
  for (int i = 0; i < TF_NumDims(tensor); i++) shape.push_back(TF_Dim(tensor, i));
  return shape;
}

// [n, h, w, c] as images, rows of each image, channels; `per_channel` must hold one number for each channel.
struct Geometry {
  int64_t n = 0, rows = 0, c = 0;
  Geometry(Call* call, TF_Tensor* x, TF_Tensor* per_channel) {
    if (TF_NumDims(x) != 4 || TF_NumDims(per_channel) != 1 || TF_Dim(per_channel, 0) != TF_Dim(x, 3)) {
      call->Fail("[n, h, w, c] and [c] are wanted");
      return;
    }
    n = TF_Dim(x, 0);
    rows = TF_Dim(x, 1) * TF_Dim(x, 2);
    c = TF_Dim(x, 3);
  }
};

bool SameSize(Call* call, TF_Tensor* a, TF_Tensor* b) {
  if (TF_TensorElementCount(a) == TF_TensorElementCount(b)) return true;
  call->Fail("inputs of one shape are wanted");
  return false;
}

// Every operation here has one attribute: whether there is a ReLU.
struct Options {
  bool relu = false;
};

void* Create(TF_OpKernelConstruction* construction) {
  auto* options = new Options();
  TF_Status* status = TF_NewStatus();
  unsigned char relu = 0;
  TF_OpKernelConstruction_GetAttrBool(construction, "relu", &relu, status);
  options->relu = relu != 0;
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return options;
}

void Delete(void* kernel) { delete static_cast<Options*>(kernel); }

void ComputeBiasActivation(void* kernel, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor* x = call.Input(0);
  TF_Tensor* bias = call.Input(1);
  if (!call.ok()) return;
  const Geometry g(&call, x, bias);
  if (!call.ok()) return;
  float* out = call.Output(0, Shape(x));
  if (call.ok()) BiasActivation(Data(x), Data(bias), out, g.n * g.rows, g.c, static_cast<Options*>(kernel)->relu);
}

void ComputeActivationGradient(void* kernel, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor* dy = call.Input(0);
  TF_Tensor* y = call.Input(1);
  if (!call.ok()) return;
  const bool relu = static_cast<Options*>(kernel)->relu;
  const std::vector<int64_t> shape = Shape(dy);
  if (!SameSize(&call, dy, y) || shape.empty()) {
    call.ok();
    return;
  }
  const int64_t c = shape.back();
  const int64_t rows = c == 0 ? 0 : TF_TensorElementCount(dy) / c;
  float* sums = call.Output(0, {c});
  float* slopes = call.Output(1, relu ? shape : std::vector<int64_t>{0});
  if (!call.ok()) return;
  std::vector<double> total(c, 0.0);
  std::vector<float> partial(c);
  for (int64_t from = 0; from < rows; from += kBlock) {
    const int64_t size = rows - from < kBlock ? rows - from : kBlock;
    std::fill(partial.begin(), partial.end(), 0.0f);
    MaskedSums(Data(dy) + from * c, relu ? Data(y) + from * c : nullptr, slopes + (relu ? from * c : 0), partial.data(),
               size, c);
    for (int64_t k = 0; k < c; k++) total[k] += partial[k];
  }
  for (int64_t k = 0; k < c; k++) sums[k] = static_cast<float>(total[k]);
}

void ComputeLayerNorm(void* kernel, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor* x = call.Input(0);
  TF_Tensor* gain = call.Input(1);
  TF_Tensor* bias = call.Input(2);
  if (!call.ok()) return;
  const Geometry g(&call, x, gain);
  if (!call.ok() || !SameSize(&call, gain, bias)) {
    call.ok();
    return;
  }
  float* out = call.Output(0, Shape(x));
  float* stats = call.Output(1, {g.n, 2});
  if (!call.ok()) return;
  const int64_t size = g.rows * g.c;
  for (int64_t i = 0; i < g.n && size > 0; i++) {
    double mean, variance;
    Moments(Data(x) + i * size, size, &mean, &variance);
    stats[2 * i] = static_cast<float>(mean);
    stats[2 * i + 1] = static_cast<float>(1 / std::sqrt(variance + kEpsilon));
    Normalise(Data(x) + i * size, Data(gain), Data(bias), out + i * size, g.rows, g.c, stats[2 * i], stats[2 * i + 1],
              static_cast<Options*>(kernel)->relu);
  }
}

void ComputeLayerNormGradient(void* kernel, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor *x = call.Input(0), *gain = call.Input(1), *y = call.Input(2), *stats = call.Input(3), *dy = call.Input(4);
  if (!call.ok()) return;
  const Geometry g(&call, x, gain);
  if (call.ok() && TF_TensorElementCount(stats) != 2 * g.n) call.Fail("two numbers for each image are wanted");
  if (!call.ok() || !SameSize(&call, x, y) || !SameSize(&call, x, dy)) {
    call.ok();
    return;
  }
  float* dx = call.Output(0, Shape(x));
  float* dgain = call.Output(1, {g.c});
  float* dbias = call.Output(2, {g.c});
  if (!call.ok()) return;
  const bool relu = static_cast<Options*>(kernel)->relu;
  const int64_t size = g.rows * g.c;
  std::vector<double> gain_total(g.c, 0.0), bias_total(g.c, 0.0), slopes(g.c), hats(g.c);
  std::vector<float> slope_sums(g.c), hat_sums(g.c);
  for (int64_t i = 0; i < g.n && size > 0; i++) {
    const int64_t at = i * size;
    const float mean = Data(stats)[2 * i], rstd = Data(stats)[2 * i + 1];
    std::fill(slopes.begin(), slopes.end(), 0.0);
    std::fill(hats.begin(), hats.end(), 0.0);
    for (int64_t from = 0; from < g.rows; from += kBlock) {
      const int64_t count = g.rows - from < kBlock ? g.rows - from : kBlock;
      const int64_t first = at + from * g.c;
      std::fill(slope_sums.begin(), slope_sums.end(), 0.0f);
      std::fill(hat_sums.begin(), hat_sums.end(), 0.0f);
      GradientSums(Data(x) + first, Data(y) + first, Data(dy) + first, slope_sums.data(), hat_sums.data(), count, g.c,
                   mean, rstd, relu);
      for (int64_t k = 0; k < g.c; k++) {
        slopes[k] += slope_sums[k];
        hats[k] += hat_sums[k];
      }
    }
    double m1 = 0, m2 = 0;
    for (int64_t k = 0; k < g.c; k++) {
      bias_total[k] += slopes[k];
      gain_total[k] += hats[k];
      m1 += slopes[k] * Data(gain)[k];
      m2 += hats[k] * Data(gain)[k];
    }
    GradientInput(Data(x) + at, Data(y) + at, Data(dy) + at, Data(gain), dx + at, g.rows, g.c, mean, rstd,
                  static_cast<float>(m1 / size), static_cast<float>(m2 / size), relu);
  }
  for (int64_t k = 0; k < g.c; k++) {
    dgain[k] = static_cast<float>(gain_total[k]);
    dbias[k] = static_cast<float>(bias_total[k]);
  }
}

void UnknownShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

void Register(const char* name, const std::vector<const char*>& inputs, const std::vector<const char*>& outputs,
              void (*compute)(void*, TF_OpKernelContext*), TF_Status* status) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_OpDefinitionBuilderAddAttr(definition, "relu: bool");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, &UnknownShape);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_KernelBuilder* builder = TF_NewKernelBuilder(name, "CPU", &Create, compute, &Delete);
  TF_RegisterKernelBuilder(name, builder, status);
}

void RegisterAll() {
  TF_Status* status = TF_NewStatus();
  Register("TaskatlasBiasActivation", {"x: float", "bias: float"}, {"y: float"}, &ComputeBiasActivation, status);
  Register("TaskatlasActivationGradient", {"dy: float", "y: float"}, {"sums: float", "slopes: float"},
           &ComputeActivationGradient, status);
  Register("TaskatlasLayerNorm", {"x: float", "gain: float", "bias: float"}, {"y: float", "stats: float"},
           &ComputeLayerNorm, status);
  Register("TaskatlasLayerNormGradient", {"x: float", "gain: float", "y: float", "stats: float", "dy: float"},
           {"dx: float", "dgain: float", "dbias: float"}, &ComputeLayerNormGradient, status);
  TF_DeleteStatus(status);
}

}  // namespace

// Node calls this when the addon is required; nothing is exported, so Node's headers are not needed.
extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*, void* exports) {
  static const bool once = (RegisterAll(), true);
  (void)once;
  return exports;
}
