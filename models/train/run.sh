#!/usr/bin/env bash
# From the films to the shipped files, on CUDA where there is one, else on the CPU.
#   models/train/run.sh DATA WORK [START] [fast|whole]
# DATA holds chest/ and ood/, WORK gets checkpoints and caches, START is a folded ImageNet MobileNetV2
# (.npz) or a model of ours (.onnx; the shipped one unless told otherwise).
#   fast    one network for the split "train" / "select" / "report", then RUNS times with the doubted kinds left out
#           and the mean of those, then ship.sh: eight bits, its gate, figures, card and file, which needs
#           build/native/pleura
#   whole   before that the cross-validation, whose answers teach the one that is shipped
# Everything goes on where it was cut off. Options for train.py: EPOCHS, MORE (epochs of the last runs), SIZE, BATCH, RATE,
# SEED, NET; for soup.py: READ, the side that a film is read at.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$1 work=$2 start=${3:-$here/../child-pneumonia/model.onnx} what=${4:-fast}
out=$here/../child-pneumonia
python=${PYTHON:-/usr/bin/python3}
common=(--data "$data" --cache "$work/cache")
net=(--start "$start" --net "${NET:-whole}" --epochs "${EPOCHS:-24}" --size "${SIZE:-192}"
    --batch "${BATCH:-32}" --rate "${RATE:-0.02}" --resume)
mkdir -p "$work"
step() { echo "$(date +%T) $*" >&2; "$python" "$here/$1" "${@:2}"; }

teacher=()
if [ "$what" = whole ]; then
    step folds.py "${common[@]}" "${net[@]}" --out "$work/folds" --predictions "$out/folds"
    step noise.py --predictions "$out/folds" --out "$work/suspects.csv"
    step distil.py --data "$data" --predictions "$out/folds" --out "$work/teacher.npy"
    teacher=(--teacher "$work/teacher.npy")
fi
step train.py "${common[@]}" "${net[@]}" "${teacher[@]}" --seed "${SEED:-0}" --out "$work/first"
step doubts.py "${common[@]}" --checkpoint "$work/first/model.pt" --out "$out/doubted.json"
runs=()
for seed in $(seq "$((${SEED:-0} + 7))" "$((${SEED:-0} + 6 + ${RUNS:-2}))"); do
    step train.py "${common[@]}" "${net[@]}" "${teacher[@]}" --doubted "$out/doubted.json" --start "$work/first/model.pt" \
        --epochs "${MORE:-12}" --rate 0.01 --seed "$seed" --out "$work/last$seed"
    runs+=("$work/last$seed/model.pt")
done
step soup.py "${common[@]}" --size "${READ:-224}" --out "$work/net" "${runs[@]}"
exec "$here/ship.sh" "$data" "$work" "$work/net/model.pt"
